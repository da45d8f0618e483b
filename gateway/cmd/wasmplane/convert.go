package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wasmplane/wasmplane/gateway/convert"
	"github.com/wasmplane/wasmplane/gateway/manifest"
	"github.com/wasmplane/wasmplane/gateway/validate"
)

type convertOptions struct {
	to, target, plugins string
	routes, services    []string
	convert.Options
}

func newConvertCommand() *cobra.Command {
	var options convertOptions
	cmd := &cobra.Command{
		Use:   "convert FILE… --to istio|envoy-gateway",
		Short: "Turn WasmPlugins of Higress into the resources of Istio or Envoy Gateway",
		Long: `Writes resources for another gateway to standard output, from files, folders or, as "-", standard input. What they
cannot express is named, and nothing is written then: a rule that is left out may open what it closed. Rules match the
other gateway's names of routes and services, which --route and --service tell. A plugin that is compiled is asked about its
configuration, as by wasmplane validate.`,
		Example: `  wasmplane convert key-auth.yaml --to istio --target Gateway/public --route orders=orders-v2
  wasmplane convert plugins/ --to envoy-gateway --target HTTPRoute/shop --namespace shop`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error { return runConvert(cmd, files, options) },
	}
	flags := cmd.Flags()
	flags.StringVar(&options.to, "to", "", "istio or envoy-gateway (required)")
	flags.StringVar(&options.target, "target", "", "`KIND/NAME` of what the result applies to; required for envoy-gateway")
	flags.StringVar(&options.Namespace, "namespace", "", "namespace of the result; default is that of the resource")
	flags.StringVar(&options.Name, "name", "", "name of the EnvoyExtensionPolicy; default is the plugin's, or wasm-plugins for several")
	flags.StringVar(&options.URL, "url", "", "URL of the plugin's module there, in place of the resource's, whose sha256 is left out then")
	flags.StringVar(&options.SHA256, "sha256", "", "digest of what --url names, 64 hexadecimal digits")
	flags.BoolVar(&options.EnvoyBuild, "envoy-build", false, "the URLs of plugins with Redis are of their builds for stock Envoy (wasmplane image push --envoy), though no tag says so")
	flags.BoolVar(&options.AllowUnknown, "allow-unknown", false, "convert plugins that are not known here, too: nobody has checked then whether they run there")
	flags.StringArrayVar(&options.routes, "route", nil, "`INGRESS=ROUTE`: what the route of an Ingress is called there; may be repeated")
	flags.StringArrayVar(&options.services, "service", nil, "`SERVICE=SERVICE`: what a service is called there; may be repeated")
	flags.StringVar(&options.plugins, "plugins", "", "folder with a folder for each known plugin; default is extensions/ of the checkout")
	_ = cmd.MarkFlagRequired("to")
	return cmd
}

func runConvert(cmd *cobra.Command, names []string, options convertOptions) error {
	run, ok := map[string]func(context.Context, []manifest.File, convert.Options) ([]byte, manifest.Problems){
		"istio": convert.Istio, "envoy-gateway": convert.EnvoyGateway,
	}[options.to]
	if !ok {
		return fmt.Errorf("--to: must be istio or envoy-gateway, not %q", options.to)
	}
	var err error
	if options.target != "" {
		if options.Target, err = convert.ParseTarget(options.target); err != nil {
			return fmt.Errorf("--target: %w", err)
		}
	}
	if options.Routes, err = convert.ParseNames(options.routes); err != nil {
		return fmt.Errorf("--route: %w", err)
	}
	if options.Services, err = convert.ParseNames(options.services); err != nil {
		return fmt.Errorf("--service: %w", err)
	}
	if options.Plugins, err = knownPlugins(options.plugins); err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "wasmplane: %v\n", err)
	}
	parser := validate.NewParser(cacheDir())
	defer func() { _ = parser.Close(context.WithoutCancel(cmd.Context())) }()
	options.Load = parser.Load
	sources, problems := readSources(names, cmd.InOrStdin())
	var out []byte
	if len(problems) == 0 {
		out, problems = run(cmd.Context(), sources, options.Options)
	}
	for _, p := range problems {
		if p.Warning {
			p.Message = "note: " + p.Message
		}
		fmt.Fprintln(cmd.ErrOrStderr(), p.Error())
	}
	if len(problems.Fatal()) > 0 {
		return fmt.Errorf("nothing was converted: %s", counted(len(problems.Fatal()), "problem"))
	}
	_, err = cmd.OutOrStdout().Write(out)
	return err
}
