// The AWS SDK for JavaScript v3 as its users write it: clients, commands, waiters, paginators, the document client and streams.
// node v3.mjs TABLE -> one line of JSON. Packages are found through the folder that TM_NODE_MODULES names.
import {createRequire} from "node:module";
const load = createRequire(process.env.TM_NODE_MODULES + "/");
const dynamodb = load("@aws-sdk/client-dynamodb");
const streams = load("@aws-sdk/client-dynamodb-streams");
const lib = load("@aws-sdk/lib-dynamodb");

const name = process.argv[2];
const credentials = {accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY};
const settings = {endpoint: process.env.AWS_ENDPOINT_URL, region: process.env.AWS_REGION, credentials};
const client = new dynamodb.DynamoDBClient(settings);
const documents = lib.DynamoDBDocumentClient.from(client, {marshallOptions: {removeUndefinedValues: true}});
const out = {};

await client.send(new dynamodb.CreateTableCommand({
  TableName: name, BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [{AttributeName: "p", AttributeType: "S"}, {AttributeName: "c", AttributeType: "N"}],
  KeySchema: [{AttributeName: "p", KeyType: "HASH"}, {AttributeName: "c", KeyType: "RANGE"}],
  StreamSpecification: {StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES"},
}));
await dynamodb.waitUntilTableExists({client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.1}, {TableName: name});

// Low level: wire forms; errors are classes with members.
await client.send(new dynamodb.PutItemCommand({TableName: name, Item: {p: {S: "low"}, c: {N: "1"}, b: {B: new Uint8Array([1, 2])}}}));
const low = await client.send(new dynamodb.GetItemCommand({TableName: name, Key: {p: {S: "low"}, c: {N: "1.0"}}}));
out.low = [low.Item.c.N, Array.from(low.Item.b.B), low.$metadata.httpStatusCode];
try {
  await client.send(new dynamodb.PutItemCommand({
    TableName: name, Item: {p: {S: "low"}, c: {N: "1"}}, ConditionExpression: "attribute_not_exists(p)",
    ReturnValuesOnConditionCheckFailure: "ALL_OLD"}));
} catch (error) {
  out.condition = [error instanceof dynamodb.ConditionalCheckFailedException, error.Item.p.S, error.message];
}
try {
  await client.send(new dynamodb.GetItemCommand({TableName: "no-such-table", Key: {p: {S: "x"}}}));
} catch (error) {
  out.missing = [error.name, error.$metadata.httpStatusCode];
}

// Documents.
const item = {p: "doc", c: 1, list: [1, "two", null, true], map: {deep: {x: 1.5}}, tags: new Set(["a", "b"]), gone: undefined};
await documents.send(new lib.PutCommand({TableName: name, Item: item}));
const got = (await documents.send(new lib.GetCommand({TableName: name, Key: {p: "doc", c: 1}}))).Item;
out.document = [got.list, got.map, [...got.tags].sort(), "gone" in got];
const updated = await documents.send(new lib.UpdateCommand({
  TableName: name, Key: {p: "doc", c: 1}, UpdateExpression: "SET #m.deep.x = #m.deep.x + :one, #l = list_append(#l, :more)",
  ExpressionAttributeNames: {"#m": "map", "#l": "list"}, ExpressionAttributeValues: {":one": 1, ":more": ["end"]},
  ReturnValues: "UPDATED_NEW"}));
out.updated = updated.Attributes;
const requests = Array.from({length: 25}, (_, c) => ({PutRequest: {Item: {p: "many", c, text: "x".repeat(100)}}}));
out.unprocessed = (await documents.send(new lib.BatchWriteCommand({RequestItems: {[name]: requests}}))).UnprocessedItems;
const keys = [3, 4, 99].map((c) => ({p: "many", c}));
out.batch = (await documents.send(new lib.BatchGetCommand({RequestItems: {[name]: {Keys: keys}}}))).Responses[name].map((x) => x.c).sort();
const pages = lib.paginateQuery({client: documents, pageSize: 10}, {
  TableName: name, KeyConditionExpression: "p = :p AND c BETWEEN :a AND :b", ScanIndexForward: false,
  ExpressionAttributeValues: {":p": "many", ":a": 0, ":b": 20}});
out.pages = [];
for await (const page of pages) out.pages.push(page.Items.length);
try {
  await documents.send(new lib.TransactWriteCommand({TransactItems: [
    {Put: {TableName: name, Item: {p: "tx", c: 1}}},
    {ConditionCheck: {TableName: name, Key: {p: "doc", c: 1}, ConditionExpression: "attribute_not_exists(p)"}}]}));
} catch (error) {
  out.canceled = [error.name, error.CancellationReasons.map((reason) => reason.Code)];
}
await documents.send(new lib.TransactWriteCommand({TransactItems: [{Put: {TableName: name, Item: {p: "tx", c: 2}}}]}));
out.transaction = (await documents.send(new lib.TransactGetCommand({TransactItems: [
  {Get: {TableName: name, Key: {p: "tx", c: 2}}}, {Get: {TableName: name, Key: {p: "tx", c: 1}}}]}))).Responses.map((one) => one.Item ?? null);
out.statement = (await documents.send(new lib.ExecuteStatementCommand({
  Statement: `SELECT c FROM "${name}" WHERE p = ? AND c < ?`, Parameters: ["many", 3]}))).Items.map((one) => one.c);

// The stream.
const reader = new streams.DynamoDBStreamsClient(settings);
const arn = (await reader.send(new streams.ListStreamsCommand({TableName: name}))).Streams[0].StreamArn;
const shard = (await reader.send(new streams.DescribeStreamCommand({StreamArn: arn}))).StreamDescription.Shards[0].ShardId;
const at = await reader.send(new streams.GetShardIteratorCommand({StreamArn: arn, ShardId: shard, ShardIteratorType: "TRIM_HORIZON"}));
const records = (await reader.send(new streams.GetRecordsCommand({ShardIterator: at.ShardIterator}))).Records;
const first = records[0].dynamodb;
out.stream = [records.length, records[0].eventName, first.Keys.p.S, first.ApproximateCreationDateTime instanceof Date, Array.from(first.NewImage.b.B)];

await client.send(new dynamodb.DeleteTableCommand({TableName: name}));
await dynamodb.waitUntilTableNotExists({client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.1}, {TableName: name});
console.log(JSON.stringify(out));
