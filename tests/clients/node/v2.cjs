// The AWS SDK for JavaScript v2: the document client with expressions and with the older parameters, paging, sets, streams. It
// checks the crc32 of every answer. node v2.cjs TABLE -> one line of JSON.
const AWS = require("module").createRequire(process.env.TM_NODE_MODULES + "/")("aws-sdk");

const name = process.argv[2];
AWS.config.update({region: process.env.AWS_REGION, maxRetries: 0, endpoint: process.env.AWS_ENDPOINT_URL});
const dynamodb = new AWS.DynamoDB();
const documents = new AWS.DynamoDB.DocumentClient();
const streams = new AWS.DynamoDBStreams();

async function main() {
  const out = {};
  await dynamodb.createTable({
    TableName: name, BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{AttributeName: "p", AttributeType: "S"}, {AttributeName: "c", AttributeType: "N"}],
    KeySchema: [{AttributeName: "p", KeyType: "HASH"}, {AttributeName: "c", KeyType: "RANGE"}],
    StreamSpecification: {StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES"},
  }).promise();
  await dynamodb.waitFor("tableExists", {TableName: name, $waiter: {delay: 0.05, maxAttempts: 400}}).promise();

  await documents.put({TableName: name, Item: {
    p: "a", c: 1, set: documents.createSet([1, 2]), list: [{x: 1}], bytes: Buffer.from([1, 2]), empty: ""}}).promise();
  const got = (await documents.get({TableName: name, Key: {p: "a", c: 1}, ConsistentRead: true}).promise()).Item;
  out.got = [got.set.type, got.set.values, got.list, [...got.bytes], got.empty];
  out.legacy = (await documents.update({
    TableName: name, Key: {p: "a", c: 1}, ReturnValues: "UPDATED_NEW",
    AttributeUpdates: {words: {Action: "PUT", Value: 5}, seen: {Action: "ADD", Value: 2}, empty: {Action: "DELETE"}}}).promise()).Attributes;
  try {
    await documents.put({TableName: name, Item: {p: "a", c: 1}, Expected: {words: {Exists: false}}}).promise();
  } catch (error) {
    out.expected = [error.code, error.statusCode, error.retryable, typeof error.requestId];
  }
  for (let c = 0; c < 5; ++c) await documents.put({TableName: name, Item: {p: "q", c}}).promise();
  const asked = {TableName: name, KeyConditions: {p: {ComparisonOperator: "EQ", AttributeValueList: ["q"]}}, Limit: 2};
  out.pages = [];
  for (let page = {}; ; ) {
    page = await documents.query({...asked, ExclusiveStartKey: page.LastEvaluatedKey}).promise();
    out.pages.push(page.Items.map((one) => one.c));
    if (!page.LastEvaluatedKey) break;
  }
  out.scan = (await documents.scan({TableName: name, FilterExpression: "c > :c", ExpressionAttributeValues: {":c": 2}}).promise()).Count;
  await documents.batchWrite({RequestItems: {[name]: [{DeleteRequest: {Key: {p: "q", c: 0}}}, {PutRequest: {Item: {p: "q", c: 9}}}]}}).promise();
  out.batch = (await documents.batchGet({RequestItems: {[name]: {Keys: [{p: "q", c: 0}, {p: "q", c: 9}]}}}).promise()).Responses[name];
  await documents.transactWrite({TransactItems: [{Delete: {TableName: name, Key: {p: "q", c: 9}}}]}).promise();
  await documents.delete({TableName: name, Key: {p: "q", c: 1}, ReturnValues: "ALL_OLD"}).promise();

  const arn = (await dynamodb.describeTable({TableName: name}).promise()).Table.LatestStreamArn;
  const shard = (await streams.describeStream({StreamArn: arn}).promise()).StreamDescription.Shards[0].ShardId;
  const at = await streams.getShardIterator({StreamArn: arn, ShardId: shard, ShardIteratorType: "TRIM_HORIZON"}).promise();
  const records = (await streams.getRecords({ShardIterator: at.ShardIterator}).promise()).Records;
  out.stream = records.map((one) => one.eventName);
  await dynamodb.deleteTable({TableName: name}).promise();
  await dynamodb.waitFor("tableNotExists", {TableName: name, $waiter: {delay: 0.05, maxAttempts: 400}}).promise();
  console.log(JSON.stringify(out));
}

main().catch((error) => { console.error(error); process.exit(1); });
