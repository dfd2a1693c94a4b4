module tidemill/clients

go 1.19

require (
	github.com/aws/aws-sdk-go-v2 v1.24.1
	github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue v1.12.15
	github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression v1.6.15
	github.com/aws/aws-sdk-go-v2/service/dynamodb v1.26.9
	github.com/aws/aws-sdk-go-v2/service/dynamodbstreams v1.18.7
)
