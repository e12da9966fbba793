// A function for the Runtime API as aws-lambda-go speaks it: it answers with what it was told, fails, panics, or
// streams, as its event says.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type request struct {
	Do     string          `json:"do"`
	Text   string          `json:"text"`
	Pieces []string        `json:"pieces"`
	Event  json.RawMessage `json:"event"`
	Path   string          `json:"rawPath"` // of a function URL
}

type answer struct {
	Event     json.RawMessage `json:"event"`
	RequestID string          `json:"request_id"`
	Arn       string          `json:"arn"`
	Function  string          `json:"function"`
	Version   string          `json:"version"`
	Memory    int             `json:"memory"`
	Remaining int64           `json:"remaining_ms"`
	Pid       int             `json:"pid"`
	Custom    string          `json:"custom"`
}

type odd struct{ text string }

func (o odd) Error() string { return o.text }

func handle(ctx context.Context, in request) (any, error) {
	if in.Path == "/stream" {
		return stream([]string{"over ", "a URL"}), nil
	}
	switch in.Do {
	case "fail":
		return nil, errors.New(in.Text)
	case "odd":
		return nil, odd{in.Text}
	case "panic":
		panic(in.Text)
	case "nothing":
		return nil, nil
	case "stream":
		return stream(in.Pieces), nil
	}
	told, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return answer{
		Event:     in.Event,
		RequestID: told.AwsRequestID,
		Arn:       told.InvokedFunctionArn,
		Function:  lambdacontext.FunctionName,
		Version:   lambdacontext.FunctionVersion,
		Memory:    lambdacontext.MemoryLimitInMB,
		Remaining: time.Until(deadline).Milliseconds(),
		Pid:       os.Getpid(),
		Custom:    told.ClientContext.Custom["colour"],
	}, nil
}

func stream(pieces []string) *events.LambdaFunctionURLStreamingResponse {
	from, to := io.Pipe()
	go func() {
		for _, piece := range pieces {
			_, _ = io.WriteString(to, piece)
		}
		_ = to.Close()
	}()
	return &events.LambdaFunctionURLStreamingResponse{
		StatusCode: 201,
		Headers:    map[string]string{"Content-Type": "text/plain", "X-Go": "yes"},
		Cookies:    []string{"a=1"},
		Body:       from,
	}
}

func main() { lambda.Start(handle) }
