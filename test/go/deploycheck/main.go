// deploycheck reads what is to be deployed the way its receivers do, strictly: a field that is unknown there, or of
// another type, is an error.
//
//	deploycheck kubernetes FILE   manifests, by the types of Kubernetes and of the Prometheus operator
//	deploycheck compose FILE      a compose file, by the compose specification
//	deploycheck chart FOLDER      a chart, by helm: linted, then its manifests; with -values FILE, -set NAME=VALUE,…
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

func main() {
	checks := map[string]func([]string) error{"kubernetes": ofFile(kubernetes), "compose": ofFile(compose), "chart": chart}
	if len(os.Args) < 2 || checks[os.Args[1]] == nil {
		fail(errors.New("usage: deploycheck kubernetes|compose FILE, or deploycheck chart FOLDER"))
	}
	if err := checks[os.Args[1]](os.Args[2:]); err != nil {
		fail(err)
	}
}

func ofFile(check func(string) error) func([]string) error {
	return func(arguments []string) error {
		if len(arguments) != 1 {
			return errors.New("one file is looked at")
		}
		return check(arguments[0])
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "deploycheck:", err)
	os.Exit(1)
}

// kubernetes prints one line for each object: its kind and name.
func kubernetes(file string) error {
	if err := monitoring.AddToScheme(scheme.Scheme); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme,
		json.SerializerOptions{Yaml: true, Strict: true})
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !bytes.Contains(document, []byte("kind:")) {
			continue // comments alone
		}
		_, kind, err := strict.Decode(document, nil, nil)
		if err != nil {
			return fmt.Errorf("%w in\n%s", err, document)
		}
		fmt.Println(kind.GroupVersion().String(), kind.Kind)
	}
}

// compose prints the names of the services.
func compose(file string) error {
	options, err := cli.NewProjectOptions([]string{file},
		cli.WithOsEnv, cli.WithWorkingDirectory(filepath.Dir(file)), cli.WithProfiles([]string{"*"}))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	for _, name := range project.ServiceNames() {
		fmt.Println(name)
	}
	return nil
}
