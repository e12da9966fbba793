// The main operations as the SDK for Go sees them. Arguments: endpoint, region, access key, secret key and a name for
// the function.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
)

var ctx = context.Background()

func check(err error) {
	if err != nil {
		log.Panic(err)
	}
}

func equal(got, want any) {
	if !reflect.DeepEqual(got, want) {
		log.Panicf("%#v is not %#v", got, want)
	}
}

// fails wants an error of the type E with that text.
func fails[E error](err error, message string) {
	var typed E
	if !errors.As(err, &typed) {
		log.Panicf("%v (%T) is not of type %T", err, err, typed)
	}
	var general smithy.APIError
	errors.As(err, &general)
	equal(general.ErrorMessage(), message)
}

func sameJSON(got []byte, want any) {
	var value any
	check(json.Unmarshal(got, &value))
	equal(value, want)
}

type smoke struct {
	api  *lambda.Client
	name *string
	arn  string
}

func (s *smoke) create() {
	input := &lambda.CreateFunctionInput{
		FunctionName: s.name, Role: aws.String("arn:aws:iam::000000000000:role/onput-implied"),
		Runtime: "onput.builtin", Handler: aws.String("echo"), Code: &types.FunctionCode{},
		Environment: &types.Environment{Variables: map[string]string{"COLOUR": "blue"}}}
	made, err := s.api.CreateFunction(ctx, input)
	check(err)
	equal(*made.FunctionArn, s.arn)
	check(lambda.NewFunctionActiveV2Waiter(s.api).Wait(ctx, &lambda.GetFunctionInput{FunctionName: s.name}, time.Minute))
	got, err := s.api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: s.name})
	check(err)
	equal(got.Configuration.State, types.StateActive)
	equal(got.Configuration.Environment.Variables, map[string]string{"COLOUR": "blue"})
	_, err = s.api.CreateFunction(ctx, input)
	fails[*types.ResourceConflictException](err, "Function already exist: "+*s.name)
}

func (s *smoke) errors() {
	_, err := s.api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("missing")})
	fails[*types.ResourceNotFoundException](err, "Function not found: "+strings.Replace(s.arn, *s.name, "missing", 1))
	_, err = s.api.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{
		FunctionName: s.name, Timeout: aws.Int32(5), RevisionId: aws.String("00000000-0000-4000-8000-000000000000")})
	fails[*types.PreconditionFailedException](err, "The Revision Id provided does not match the latest Revision Id. "+
		"Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
	_, err = s.api.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: s.name, StatementId: aws.String("s"),
		Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("nobody")})
	fails[*types.InvalidParameterValueException](err,
		"The provided principal was invalid. Please check the principal and try again.")
	_, err = s.api.PutFunctionEventInvokeConfig(ctx, &lambda.PutFunctionEventInvokeConfigInput{
		FunctionName: s.name, MaximumRetryAttempts: aws.Int32(9)})
	var general smithy.APIError
	if !errors.As(err, &general) || general.ErrorCode() != "ValidationException" {
		log.Panic(err)
	}
}

func (s *smoke) invoke() {
	answer, err := s.api.Invoke(ctx, &lambda.InvokeInput{FunctionName: s.name, Payload: []byte(`{"a":"ü"}`),
		LogType: types.LogTypeTail})
	check(err)
	equal([]any{answer.StatusCode, *answer.ExecutedVersion, answer.FunctionError},
		[]any{int32(200), "$LATEST", (*string)(nil)})
	sameJSON(answer.Payload, map[string]any{"a": "ü"})
	if *answer.LogResult == "" {
		log.Panic("no log")
	}
	statuses := map[types.InvocationType]int32{types.InvocationTypeEvent: 202, types.InvocationTypeDryRun: 204}
	for kind, status := range statuses {
		answer, err = s.api.Invoke(ctx, &lambda.InvokeInput{FunctionName: s.name, InvocationType: kind})
		check(err)
		equal(answer.StatusCode, status)
	}
	_, err = s.api.Invoke(ctx, &lambda.InvokeInput{FunctionName: s.name, Payload: []byte("{")})
	var content *types.InvalidRequestContentException
	if !errors.As(err, &content) {
		log.Panic(err)
	}
}

func (s *smoke) stream() {
	answer, err := s.api.InvokeWithResponseStream(ctx, &lambda.InvokeWithResponseStreamInput{
		FunctionName: s.name, Payload: []byte(`{"b":"c"}`)})
	check(err)
	stream := answer.GetStream()
	var body []byte
	complete := false
	for event := range stream.Events() {
		switch event := event.(type) {
		case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			body = append(body, event.Value.Payload...)
		case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			complete = event.Value.ErrorCode == nil
		}
	}
	check(stream.Close())
	check(stream.Err())
	sameJSON(body, map[string]any{"b": "c"})
	equal(complete, true)
}

func (s *smoke) permissions() {
	added, err := s.api.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: s.name, StatementId: aws.String("s"),
		Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("s3.amazonaws.com"),
		SourceArn: aws.String("arn:aws:s3:::b")})
	check(err)
	got, err := s.api.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: s.name})
	check(err)
	equal(*got.Policy, `{"Version":"2012-10-17","Id":"default","Statement":[`+*added.Statement+`]}`)
	_, err = s.api.RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: s.name, StatementId: aws.String("s"),
		RevisionId: got.RevisionId})
	check(err)
	_, err = s.api.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: s.name})
	fails[*types.ResourceNotFoundException](err, "The resource you requested does not exist.")
}

func (s *smoke) versions() {
	published, err := s.api.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: s.name})
	check(err)
	equal(*published.Version, "1")
	_, err = s.api.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: s.name, Name: aws.String("live"),
		FunctionVersion: aws.String("1")})
	check(err)
	answer, err := s.api.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String(s.arn + ":live")})
	check(err)
	equal(*answer.ExecutedVersion, "1")
	var versions []string
	pages := lambda.NewListVersionsByFunctionPaginator(s.api,
		&lambda.ListVersionsByFunctionInput{FunctionName: s.name, MaxItems: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		check(err)
		for _, version := range page.Versions {
			versions = append(versions, *version.Version)
		}
	}
	equal(versions, []string{"$LATEST", "1"})
}

func (s *smoke) rest() {
	_, err := s.api.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: s.name,
		ReservedConcurrentExecutions: aws.Int32(0)})
	check(err)
	_, err = s.api.Invoke(ctx, &lambda.InvokeInput{FunctionName: s.name})
	var throttled *types.TooManyRequestsException
	if !errors.As(err, &throttled) {
		log.Panic(err)
	}
	equal(throttled.Reason, types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded)
	_, err = s.api.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: s.name})
	check(err)
	config, err := s.api.PutFunctionEventInvokeConfig(ctx, &lambda.PutFunctionEventInvokeConfigInput{
		FunctionName: s.name, MaximumRetryAttempts: aws.Int32(0)})
	check(err)
	if age := time.Since(*config.LastModified); age < -time.Minute || age > time.Minute {
		log.Panic(config.LastModified)
	}
	url, err := s.api.CreateFunctionUrlConfig(ctx, &lambda.CreateFunctionUrlConfigInput{FunctionName: s.name,
		AuthType: types.FunctionUrlAuthTypeAwsIam})
	check(err)
	equal(strings.HasPrefix(*url.FunctionUrl, "http://"), true)
	_, err = s.api.TagResource(ctx, &lambda.TagResourceInput{Resource: &s.arn, Tags: map[string]string{"a": "b"}})
	check(err)
	tags, err := s.api.ListTags(ctx, &lambda.ListTagsInput{Resource: &s.arn})
	check(err)
	equal(tags.Tags, map[string]string{"a": "b"})
	account, err := s.api.GetAccountSettings(ctx, &lambda.GetAccountSettingsInput{})
	check(err)
	equal(account.AccountLimit.ConcurrentExecutions, int32(1000))
}

func (s *smoke) remove() {
	_, err := s.api.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: s.name})
	check(err)
	_, err = s.api.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: s.name})
	fails[*types.ResourceNotFoundException](err, "Function not found: "+s.arn)
}

func main() {
	endpoint, region, access, secret, name := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	s := &smoke{name: &name, arn: "arn:aws:lambda:" + region + ":000000000000:function:" + name}
	s.api = lambda.New(lambda.Options{Region: region, BaseEndpoint: &endpoint, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(access, secret, "")})
	steps := []func(){s.create, s.errors, s.invoke, s.stream, s.permissions, s.versions, s.rest, s.remove}
	for _, step := range steps {
		step()
	}
	fmt.Printf("%d passed\n", len(steps))
}
