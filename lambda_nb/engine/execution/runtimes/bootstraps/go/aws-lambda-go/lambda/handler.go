package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Handler is a handler from bytes to bytes.
type Handler interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

type bytesHandler func(ctx context.Context, payload []byte) ([]byte, error)

func (h bytesHandler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return h(ctx, payload)
}

var (
	contextType = reflect.TypeOf((*context.Context)(nil)).Elem()
	errorType   = reflect.TypeOf((*error)(nil)).Elem()
)

func refuse(err error) Handler {
	return bytesHandler(func(context.Context, []byte) ([]byte, error) { return nil, err })
}

// NewHandler makes a Handler of a function with one of the signatures that Start accepts.
func NewHandler(function interface{}) Handler {
	if handler, ok := function.(Handler); ok {
		return handler
	}
	if function == nil {
		return refuse(errors.New("handler is nil"))
	}
	kind := reflect.TypeOf(function)
	if kind.Kind() != reflect.Func {
		return refuse(fmt.Errorf("handler kind %s is not %s", kind.Kind(), reflect.Func))
	}
	takesContext, err := checkArguments(kind)
	if err != nil {
		return refuse(err)
	}
	if err := checkResults(kind); err != nil {
		return refuse(err)
	}
	return reflected(reflect.ValueOf(function), takesContext)
}

func checkArguments(kind reflect.Type) (bool, error) {
	if kind.NumIn() > 2 {
		return false, fmt.Errorf("handlers may not take more than two arguments, but handler takes %d", kind.NumIn())
	}
	takesContext := kind.NumIn() > 0 && kind.In(0).Kind() == reflect.Interface && contextType.Implements(kind.In(0)) && kind.In(0).NumMethod() > 0
	if kind.NumIn() == 2 && !takesContext {
		return false, fmt.Errorf("handler takes two arguments, but the first is not Context. got %s", kind.In(0).Kind())
	}
	return takesContext, nil
}

func checkResults(kind reflect.Type) error {
	switch n := kind.NumOut(); {
	case n > 2:
		return fmt.Errorf("handler may not return more than two values")
	case n > 1 && !kind.Out(1).Implements(errorType):
		return fmt.Errorf("handler returns two values, but the second does not implement error")
	case n == 1 && !kind.Out(0).Implements(errorType):
		return fmt.Errorf("handler returns a single value, but it does not implement error")
	}
	return nil
}

func reflected(function reflect.Value, takesContext bool) Handler {
	kind := function.Type()
	takesEvent := kind.NumIn() == 2 || (kind.NumIn() == 1 && !takesContext)
	return bytesHandler(func(ctx context.Context, payload []byte) ([]byte, error) {
		var arguments []reflect.Value
		if takesContext {
			arguments = append(arguments, reflect.ValueOf(ctx))
		}
		if takesEvent {
			event := reflect.New(kind.In(kind.NumIn() - 1))
			if err := json.Unmarshal(payload, event.Interface()); err != nil {
				return nil, err
			}
			arguments = append(arguments, event.Elem())
		}
		results := function.Call(arguments)
		var value interface{}
		if len(results) > 0 {
			if err, ok := results[len(results)-1].Interface().(error); ok && err != nil {
				return nil, err
			}
		}
		if len(results) > 1 {
			value = results[0].Interface()
		}
		return json.Marshal(value)
	})
}
