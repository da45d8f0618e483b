package body

// RebuildMemory is the size of a guest, in bytes, from which plugins that hold bodies ask for a fresh VM: its memory never
// shrinks.
const RebuildMemory = 200 << 20

// MostBytes is the largest limit on a body that can be configured: a guest has no more memory.
const MostBytes = 1 << 30
