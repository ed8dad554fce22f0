// Package lambda runs Go handlers: it has the names and the behaviour of AWS's package that a function's
// main needs, so that the same source runs here and, built with AWS's module, on AWS.
package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

type invokeError struct {
	Message    string        `json:"errorMessage"`
	Type       string        `json:"errorType"`
	StackTrace []*stackFrame `json:"stackTrace,omitempty"`
	exit       bool
}

type stackFrame struct {
	Path  string `json:"path"`
	Line  int    `json:"line"`
	Label string `json:"label"`
}

// Start runs handler for one event after another and does not return. The handler is a Handler or a
// function: of nothing, an event, a context, or both; to nothing, an error, or a result and an error.
func Start(handler interface{}) {
	StartHandlerWithContext(context.Background(), NewHandler(handler))
}

// StartWithContext is Start with a base context for all invocations.
func StartWithContext(ctx context.Context, handler interface{}) {
	StartHandlerWithContext(ctx, NewHandler(handler))
}

// StartHandler is Start for a Handler.
func StartHandler(handler Handler) {
	StartHandlerWithContext(context.Background(), handler)
}

// StartHandlerWithContext is StartHandler with a base context for all invocations.
func StartHandlerWithContext(ctx context.Context, handler Handler) {
	api := os.Getenv("AWS_LAMBDA_RUNTIME_API")
	if api == "" {
		log.Fatal("AWS_LAMBDA_RUNTIME_API is not set: this program is started by Lambda")
	}
	base := "http://" + api + "/2018-06-01/runtime/invocation/"
	client := &http.Client{Timeout: 0}
	for {
		if err := serve(ctx, client, base, handler); err != nil {
			log.Fatal(err)
		}
	}
}

func serve(ctx context.Context, client *http.Client, base string, handler Handler) error {
	reply, err := client.Get(base + "next")
	if err != nil {
		return err
	}
	payload, err := io.ReadAll(reply.Body)
	reply.Body.Close()
	if err != nil {
		return err
	}
	id := reply.Header.Get("Lambda-Runtime-Aws-Request-Id")
	result, failure := run(ctx, handler, payload, reply.Header)
	if failure == nil {
		return post(client, base+id+"/response", result, "")
	}
	body, err := json.Marshal(failure)
	if err != nil {
		return err
	}
	log.SetFlags(0)
	log.Printf("%s", body)
	if err := post(client, base+id+"/error", body, failure.Type); err != nil {
		return err
	}
	if failure.exit {
		os.Exit(1)
	}
	return nil
}

func run(ctx context.Context, handler Handler, payload []byte, header http.Header) (result []byte, failure *invokeError) {
	defer func() {
		if value := recover(); value != nil {
			failure = &invokeError{fmt.Sprint(value), typeName(value), frames(string(debug.Stack())), true}
		}
	}()
	lc := &lambdacontext.LambdaContext{
		AwsRequestID:       header.Get("Lambda-Runtime-Aws-Request-Id"),
		InvokedFunctionArn: header.Get("Lambda-Runtime-Invoked-Function-Arn"),
		TenantID:           header.Get("Lambda-Runtime-Aws-Tenant-Id"),
	}
	for name, into := range map[string]interface{}{
		"Lambda-Runtime-Client-Context":   &lc.ClientContext,
		"Lambda-Runtime-Cognito-Identity": &lc.Identity,
	} {
		if text := header.Get(name); text != "" {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				return nil, &invokeError{Message: err.Error(), Type: typeName(err)}
			}
		}
	}
	os.Setenv("_X_AMZN_TRACE_ID", header.Get("Lambda-Runtime-Trace-Id"))
	ms, err := strconv.ParseInt(header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64)
	if err != nil {
		return nil, &invokeError{Message: err.Error(), Type: typeName(err)}
	}
	ctx, cancel := context.WithDeadline(lambdacontext.NewContext(ctx, lc), time.UnixMilli(ms))
	defer cancel()
	result, err = handler.Invoke(ctx, payload)
	if err != nil {
		return nil, &invokeError{Message: err.Error(), Type: typeName(err)}
	}
	return result, nil
}

func typeName(value interface{}) string {
	kind := reflect.TypeOf(value)
	if kind.Kind() == reflect.Ptr {
		return kind.Elem().Name()
	}
	return kind.Name()
}

// The frames of a panic, from the place that panicked down to ours.
func frames(stack string) []*stackFrame {
	lines := strings.Split(stack, "\n")
	var found []*stackFrame
	panicked := false
	for i := 1; i+1 < len(lines); i += 2 {
		label := lines[i]
		if strings.HasPrefix(label, "panic(") {
			panicked = true
			continue
		}
		if !panicked {
			continue
		}
		if strings.HasPrefix(label, "reflect.") || strings.HasPrefix(label, "github.com/aws/aws-lambda-go/") {
			break
		}
		place := strings.Fields(lines[i+1])
		colon := strings.LastIndex(place[0], ":")
		line, err := strconv.Atoi(place[0][colon+1:])
		if err != nil {
			continue
		}
		found = append(found, &stackFrame{place[0][:colon], line, strings.SplitN(label, "(", 2)[0]})
	}
	return found
}

func post(client *http.Client, url string, body []byte, errorType string) error {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if errorType != "" {
		request.Header.Set("Lambda-Runtime-Function-Error-Type", errorType)
	}
	reply, err := client.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	_, err = io.Copy(io.Discard, reply.Body)
	return err
}
