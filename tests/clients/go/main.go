// The AWS SDK for Go v2 as its users write it: typed attribute values, expression builders, waiters, paginators, streams.
// go run . TABLE -> one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

type order struct {
	Customer string            `dynamodbav:"customer"`
	Number   int               `dynamodbav:"number"`
	Lines    []string          `dynamodbav:"lines"`
	Tags     []string          `dynamodbav:"tags,stringset"`
	Extra    map[string]string `dynamodbav:"extra"`
	Blob     []byte            `dynamodbav:"blob"`
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	ctx := context.Background()
	name := aws.String(os.Args[1])
	credentials := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}, nil
	})
	client := dynamodb.New(dynamodb.Options{BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL")), Region: os.Getenv("AWS_REGION"), Credentials: credentials})
	out := map[string]any{}
	must(client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("customer"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("number"), AttributeType: types.ScalarAttributeTypeN}},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("customer"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("number"), KeyType: types.KeyTypeRange}},
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	}))
	wait := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay, o.MaxDelay = 50*time.Millisecond, 100*time.Millisecond })
	must(0, wait.Wait(ctx, &dynamodb.DescribeTableInput{TableName: name}, 20*time.Second))

	for i := 0; i < 5; i++ {
		item := must(attributevalue.MarshalMap(order{"ann", i, []string{"a", "b"}, []string{"x", "y"}, map[string]string{"k": "v"}, []byte{1, 2}}))
		must(client.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: item}))
	}
	key := map[string]types.AttributeValue{"customer": &types.AttributeValueMemberS{Value: "ann"}, "number": &types.AttributeValueMemberN{Value: "3.0"}}
	var read order
	must(0, attributevalue.UnmarshalMap(must(client.GetItem(ctx, &dynamodb.GetItemInput{TableName: name, Key: key})).Item, &read))
	out["read"] = []any{read.Number, read.Lines, len(read.Tags), read.Extra["k"], len(read.Blob)}

	update := must(expression.NewBuilder().
		WithUpdate(expression.Set(expression.Name("lines"), expression.Name("lines").ListAppend(expression.Value([]string{"c"}))).
			Set(expression.Name("seen"), expression.Name("seen").IfNotExists(expression.Value(0)))).
		WithCondition(expression.Name("extra.k").Equal(expression.Value("v"))).Build())
	updated := must(client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: name, Key: key, UpdateExpression: update.Update(),
		ConditionExpression: update.Condition(), ExpressionAttributeNames: update.Names(), ExpressionAttributeValues: update.Values(),
		ReturnValues: types.ReturnValueAllNew}))
	must(0, attributevalue.UnmarshalMap(updated.Attributes, &read))
	out["lines"] = read.Lines

	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: key, ConditionExpression: aws.String("attribute_not_exists(customer)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var failed *types.ConditionalCheckFailedException
	out["condition"] = []any{errors.As(err, &failed), len(failed.Item)}

	query := must(expression.NewBuilder().WithKeyCondition(expression.Key("customer").Equal(expression.Value("ann")).
		And(expression.Key("number").GreaterThan(expression.Value(0)))).
		WithFilter(expression.Contains(expression.Name("tags"), "x")).Build())
	pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{TableName: name, KeyConditionExpression: query.KeyCondition(),
		FilterExpression: query.Filter(), ExpressionAttributeNames: query.Names(), ExpressionAttributeValues: query.Values(), Limit: aws.Int32(3)})
	counts := []int32{}
	for pages.HasMorePages() {
		counts = append(counts, must(pages.NextPage(ctx)).Count)
	}
	out["pages"] = counts

	_, err = client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Delete: &types.Delete{TableName: name, Key: key}},
		{Put: &types.Put{TableName: name, Item: map[string]types.AttributeValue{"customer": &types.AttributeValueMemberS{Value: "bob"},
			"number": &types.AttributeValueMemberN{Value: "1"}}, ConditionExpression: aws.String("attribute_exists(customer)")}}}})
	var canceled *types.TransactionCanceledException
	errors.As(err, &canceled)
	codes := []string{}
	for _, reason := range canceled.CancellationReasons {
		codes = append(codes, *reason.Code)
	}
	out["canceled"] = codes
	_, err = client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("no-such-table")})
	var missing *types.ResourceNotFoundException
	out["missing"] = errors.As(err, &missing)

	reader := dynamodbstreams.New(dynamodbstreams.Options{BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL")), Region: os.Getenv("AWS_REGION"), Credentials: credentials})
	arn := must(reader.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{TableName: name})).Streams[0].StreamArn
	shard := must(reader.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn})).StreamDescription.Shards[0].ShardId
	at := must(reader.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: shard, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon}))
	records := must(reader.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: at.ShardIterator})).Records
	out["stream"] = []any{len(records), records[0].EventName, records[5].EventName, records[0].Dynamodb.ApproximateCreationDateTime.Year() > 2020}
	must(client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: name}))
	must(0, dynamodb.NewTableNotExistsWaiter(client, func(o *dynamodb.TableNotExistsWaiterOptions) { o.MinDelay, o.MaxDelay = 50*time.Millisecond, 100*time.Millisecond }).
		Wait(ctx, &dynamodb.DescribeTableInput{TableName: name}, 20*time.Second))
	fmt.Println(string(must(json.Marshal(out))))
}
