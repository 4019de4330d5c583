// otlpread reads traces the way a collector does that is sent them, strictly: what is lost or changed on the way, such as
// a field that is unknown there, is an error.
//
//	otlpread    requests of OTLP over HTTP in JSON from the standard input, one a line; prints each span as one line of JSON
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"

	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// A span, and whose it is. Kind and status are by name, numbers of attributes are numbers.
type span struct {
	Resource     map[string]any `json:"resource"`
	Scope        string         `json:"scope"`
	TraceID      string         `json:"traceId"`
	SpanID       string         `json:"spanId"`
	ParentSpanID string         `json:"parentSpanId"`
	Name         string         `json:"name"`
	Kind         string         `json:"kind"`
	Start        uint64         `json:"start,string"`
	End          uint64         `json:"end,string"`
	Attributes   map[string]any `json:"attributes"`
	Status       string         `json:"status"`
	Message      string         `json:"message"`
}

func main() {
	if err := read(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "otlpread:", err)
		os.Exit(1)
	}
}

func read(from io.Reader, to io.Writer) error {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			if err := request(line, json.NewEncoder(to)); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func request(text []byte, to *json.Encoder) error {
	request := ptraceotlp.NewExportRequest()
	if err := request.UnmarshalJSON(text); err != nil {
		return err
	}
	// Fields that it does not know it passes over: they are not in what it would send on.
	again, err := request.MarshalJSON()
	if err != nil {
		return err
	}
	var sent, kept any
	if err := errors.Join(json.Unmarshal(text, &sent), json.Unmarshal(again, &kept)); err != nil {
		return err
	}
	if err := same("", sent, kept); err != nil {
		return err
	}
	for _, resource := range request.Traces().ResourceSpans().All() {
		of := resource.Resource().Attributes().AsRaw()
		for _, scope := range resource.ScopeSpans().All() {
			for _, one := range scope.Spans().All() {
				if err := to.Encode(spanOf(one, of, scope.Scope().Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func spanOf(one ptrace.Span, resource map[string]any, scope string) span {
	return span{
		Resource:     resource,
		Scope:        scope,
		TraceID:      one.TraceID().String(),
		SpanID:       one.SpanID().String(),
		ParentSpanID: one.ParentSpanID().String(),
		Name:         one.Name(),
		Kind:         one.Kind().String(),
		Start:        uint64(one.StartTimestamp()),
		End:          uint64(one.EndTimestamp()),
		Attributes:   one.Attributes().AsRaw(),
		Status:       one.Status().Code().String(),
		Message:      one.Status().Message(),
	}
}

// same says where something of what was sent is not there any more, or is another. What was added does not matter.
func same(path string, sent, kept any) error {
	switch sent := sent.(type) {
	case map[string]any:
		kept, _ := kept.(map[string]any)
		for key, value := range sent {
			inner, isThere := kept[key]
			if !isThere {
				return fmt.Errorf("%s.%s is not read", path, key)
			}
			if err := same(path+"."+key, value, inner); err != nil {
				return err
			}
		}
	case []any:
		kept, _ := kept.([]any)
		if len(sent) != len(kept) {
			return fmt.Errorf("%s has %d, of which %d are read", path, len(sent), len(kept))
		}
		for i := range sent {
			if err := same(fmt.Sprintf("%s[%d]", path, i), sent[i], kept[i]); err != nil {
				return err
			}
		}
	default:
		if !reflect.DeepEqual(sent, kept) {
			return fmt.Errorf("%s is %#v, and is read as %#v", path, sent, kept)
		}
	}
	return nil
}
