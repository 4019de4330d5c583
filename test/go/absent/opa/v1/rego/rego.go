// Package rego reads no policies: nothing here has one.
package rego

import (
	"context"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
)

type (
	Rego              struct{}
	Option            func(*Rego)
	PreparedEvalQuery struct{}
	EvalOption        struct{}
	Result            struct{ Expressions []any }
	ResultSet         []Result
)

func New(...Option) *Rego                   { return &Rego{} }
func Query(string) Option                   { return nil }
func Load([]string, any) Option             { return nil }
func SetRegoVersion(ast.RegoVersion) Option { return nil }
func EvalInput(any) EvalOption              { return EvalOption{} }
func (ResultSet) Allowed() bool             { return false }

func (*Rego) PrepareForEval(context.Context) (PreparedEvalQuery, error) {
	return PreparedEvalQuery{}, errors.New("policies in Rego are left out of this program")
}

func (PreparedEvalQuery) Eval(context.Context, ...EvalOption) (ResultSet, error) {
	return nil, errors.New("policies in Rego are left out of this program")
}
