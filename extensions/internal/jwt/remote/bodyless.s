// Empty: its presence lets context.go declare functions without bodies.
