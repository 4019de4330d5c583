package main

import (
	"flag"
	"fmt"
	"strings"

	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/strvals"
)

// kubeVersion is of the cluster that charts are made for here.
var kubeVersion = chartutil.KubeVersion{Version: "v1.34.0", Major: "1", Minor: "34"}

// release is what a chart is installed as.
var release = chartutil.ReleaseOptions{Name: "weir", Namespace: "default", Revision: 1, IsInstall: true}

// chart tells what helm's linter finds, warnings being errors, and prints the manifests: what `helm lint --strict` and
// `helm template` do, by helm's library. The command itself is made of twice as much, for clusters, which nothing here has.
func chart(arguments []string) error {
	flags := flag.NewFlagSet("chart", flag.ExitOnError)
	file := flags.String("values", "", "a file of values")
	set := flags.String("set", "", "values, as helm's own --set takes them")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("usage: deploycheck chart [-values FILE] [-set NAME=VALUE,…] FOLDER")
	}
	values, err := valuesOf(*file, *set)
	if err != nil {
		return err
	}
	manifests, err := render(flags.Arg(0), values)
	if err != nil {
		return err
	}
	if err := linted(flags.Arg(0), values); err != nil {
		return err
	}
	for _, manifest := range manifests {
		fmt.Printf("---\n# Source: %s\n%s\n", manifest.Name, manifest.Content)
	}
	return nil
}

func valuesOf(file, set string) (map[string]any, error) {
	values := map[string]any{}
	if file != "" {
		read, err := chartutil.ReadValuesFile(file)
		if err != nil {
			return nil, err
		}
		values = read.AsMap()
	}
	return values, strvals.ParseInto(set, values)
}

func render(folder string, values map[string]any) ([]releaseutil.Manifest, error) {
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = kubeVersion
	loaded, err := loader.Load(folder)
	if err != nil {
		return nil, err
	}
	if wanted := loaded.Metadata.KubeVersion; wanted != "" && !chartutil.IsCompatibleRange(wanted, kubeVersion.Version) {
		return nil, fmt.Errorf("kubeVersion: %s is not for %s", wanted, kubeVersion.Version)
	}
	if err := chartutil.ProcessDependenciesWithMerge(loaded, values); err != nil {
		return nil, err
	}
	all, err := chartutil.ToRenderValues(loaded, values, release, capabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(loaded, all)
	if err != nil {
		return nil, err
	}
	for name := range files {
		if strings.HasSuffix(name, "/NOTES.txt") {
			delete(files, name)
		}
	}
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return nil, err
	}
	if len(hooks) > 0 {
		return nil, fmt.Errorf("%s: hooks are not looked at here", hooks[0].Path)
	}
	return manifests, nil
}

func linted(folder string, values map[string]any) error {
	found := lint.AllWithKubeVersion(folder, values, release.Namespace, &kubeVersion)
	for _, message := range found.Messages {
		if message.Severity >= support.WarningSev {
			return fmt.Errorf("%s", message)
		}
	}
	return nil
}
