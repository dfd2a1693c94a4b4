import static software.amazon.awssdk.enhanced.dynamodb.mapper.StaticAttributeTags.primaryPartitionKey;
import static software.amazon.awssdk.enhanced.dynamodb.mapper.StaticAttributeTags.primarySortKey;
import static software.amazon.awssdk.enhanced.dynamodb.mapper.StaticAttributeTags.secondaryPartitionKey;
import static software.amazon.awssdk.enhanced.dynamodb.mapper.StaticAttributeTags.secondarySortKey;

import java.net.URI;
import java.util.*;
import java.util.stream.Collectors;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.enhanced.dynamodb.*;
import software.amazon.awssdk.enhanced.dynamodb.mapper.StaticTableSchema;
import software.amazon.awssdk.enhanced.dynamodb.model.*;
import software.amazon.awssdk.enhanced.dynamodb.model.ConditionCheck;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.*;
import software.amazon.awssdk.services.dynamodb.model.Record;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;

/** The AWS SDK for Java v2 as its users write it: the client, the enhanced client, streams. Prints "name value" lines. */
public class Smoke {
  public static class Order {
    private String customer;
    private Integer number;
    private String state;
    private Set<String> tags;
    private Long version;

    public String getCustomer() { return customer; }
    public void setCustomer(String to) { customer = to; }
    public Integer getNumber() { return number; }
    public void setNumber(Integer to) { number = to; }
    public String getState() { return state; }
    public void setState(String to) { state = to; }
    public Set<String> getTags() { return tags; }
    public void setTags(Set<String> to) { tags = to; }
    public Long getVersion() { return version; }
    public void setVersion(Long to) { version = to; }
  }

  static final StaticTableSchema<Order> SCHEMA = StaticTableSchema.builder(Order.class).newItemSupplier(Order::new)
      .addAttribute(String.class, a -> a.name("customer").getter(Order::getCustomer).setter(Order::setCustomer).tags(primaryPartitionKey()))
      .addAttribute(Integer.class, a -> a.name("number").getter(Order::getNumber).setter(Order::setNumber)
          .tags(primarySortKey(), secondarySortKey("by-state")))
      .addAttribute(String.class, a -> a.name("state").getter(Order::getState).setter(Order::setState).tags(secondaryPartitionKey("by-state")))
      .addAttribute(EnhancedType.setOf(String.class), a -> a.name("tags").getter(Order::getTags).setter(Order::setTags))
      .addAttribute(Long.class, a -> a.name("version").getter(Order::getVersion).setter(Order::setVersion)
          .tags(software.amazon.awssdk.enhanced.dynamodb.extensions.VersionedRecordExtension.AttributeTags.versionAttribute()))
      .build();

  static Order order(String customer, int number, String state) {
    Order order = new Order();
    order.setCustomer(customer);
    order.setNumber(number);
    order.setState(state);
    order.setTags(new TreeSet<>(List.of("x", "y")));
    return order;
  }

  static void say(String name, Object value) { System.out.println(name + " " + value); }

  public static void main(String[] arguments) {
    String name = arguments[0];
    URI endpoint = URI.create(System.getenv("AWS_ENDPOINT_URL"));
    Region region = Region.of(System.getenv("AWS_REGION"));
    DynamoDbClient client = DynamoDbClient.builder().endpointOverride(endpoint).region(region)
        .httpClientBuilder(UrlConnectionHttpClient.builder()).build();
    DynamoDbEnhancedClient enhanced = DynamoDbEnhancedClient.builder().dynamoDbClient(client).build();
    DynamoDbTable<Order> orders = enhanced.table(name, SCHEMA);
    orders.createTable(b -> b
        .globalSecondaryIndices(EnhancedGlobalSecondaryIndex.builder().indexName("by-state")
            .projection(p -> p.projectionType(ProjectionType.ALL))
            .provisionedThroughput(t -> t.readCapacityUnits(5L).writeCapacityUnits(5L)).build())
        .provisionedThroughput(t -> t.readCapacityUnits(5L).writeCapacityUnits(5L))
        .streamSpecification(s -> s.streamEnabled(true).streamViewType(StreamViewType.NEW_AND_OLD_IMAGES)));
    client.waiter().waitUntilTableExists(b -> b.tableName(name));

    // Enhanced: versions are conditions, batches, index queries, transactions.
    for (int i = 0; i < 4; ++i) orders.putItem(order("ann", i, i % 2 == 0 ? "open" : "paid"));
    Order read = orders.getItem(Key.builder().partitionValue("ann").sortValue(2).build());
    say("read", read.getState() + " " + read.getTags() + " " + read.getVersion());
    read.setState("paid");
    say("version", orders.updateItem(read).getVersion());
    try {
      orders.putItem(read);
      say("stale", "written");
    } catch (ConditionalCheckFailedException e) {
      say("stale", e.awsErrorDetails().errorCode() + " " + e.statusCode());
    }
    say("paid", orders.index("by-state").query(QueryConditional.keyEqualTo(k -> k.partitionValue("paid"))).stream()
        .flatMap(page -> page.items().stream()).map(o -> o.getNumber().toString()).collect(Collectors.joining(",")));
    say("range", orders.query(r -> r.queryConditional(QueryConditional.sortBetween(k -> k.partitionValue("ann").sortValue(1),
        k -> k.partitionValue("ann").sortValue(2))).limit(1)).items().stream().map(o -> o.getNumber().toString()).collect(Collectors.joining(",")));
    orders.putItem(order("bob", 1, "open"));
    enhanced.batchWriteItem(b -> b.addWriteBatch(WriteBatch.builder(Order.class).mappedTableResource(orders)
        .addDeleteItem(k -> k.key(x -> x.partitionValue("ann").sortValue(0))).build()));
    try {
      enhanced.transactWriteItems(b -> b.addPutItem(orders, order("cleo", 1, "open"))
          .addConditionCheck(orders, ConditionCheck.builder().key(k -> k.partitionValue("nobody").sortValue(1))
              .conditionExpression(Expression.builder().expression("attribute_exists(customer)").build()).build()));
    } catch (TransactionCanceledException e) {
      say("canceled", e.cancellationReasons().stream().map(CancellationReason::code).collect(Collectors.joining(",")));
    }
    say("scan", orders.scan().items().stream().count());

    // The client itself: binary, paginators, errors of their own classes.
    client.putItem(b -> b.tableName(name).item(Map.of("customer", AttributeValue.fromS("low"), "number", AttributeValue.fromN("1"),
        "blob", AttributeValue.fromB(SdkBytes.fromByteArray(new byte[] {1, 2, 3})), "none", AttributeValue.fromNul(true),
        "deep", AttributeValue.fromM(Map.of("l", AttributeValue.fromL(List.of(AttributeValue.fromBool(true))))))));
    Map<String, AttributeValue> low = client.getItem(b -> b.tableName(name).consistentRead(true).key(
        Map.of("customer", AttributeValue.fromS("low"), "number", AttributeValue.fromN("1.0")))).item();
    say("low", low.get("blob").b().asByteArray().length + " " + low.get("none").nul() + " " + low.get("deep").m().get("l").l().get(0).bool());
    say("pages", client.scanPaginator(b -> b.tableName(name).limit(2)).stream().map(p -> p.count().toString()).collect(Collectors.joining(",")));
    try {
      client.describeTable(b -> b.tableName("no-such-table"));
    } catch (ResourceNotFoundException e) {
      say("missing", e.statusCode() + " " + e.awsErrorDetails().errorMessage());
    }
    say("statement", client.executeStatement(b -> b.statement("SELECT * FROM \"" + name + "\" WHERE customer = ?")
        .parameters(AttributeValue.fromS("low"))).items().size());

    DynamoDbStreamsClient streams = DynamoDbStreamsClient.builder().endpointOverride(endpoint).region(region)
        .httpClientBuilder(UrlConnectionHttpClient.builder()).build();
    String arn = client.describeTable(b -> b.tableName(name)).table().latestStreamArn();
    String shard = streams.describeStream(b -> b.streamArn(arn)).streamDescription().shards().get(0).shardId();
    String at = streams.getShardIterator(b -> b.streamArn(arn).shardId(shard).shardIteratorType(ShardIteratorType.TRIM_HORIZON)).shardIterator();
    List<Record> records = streams.getRecords(b -> b.shardIterator(at)).records();
    say("stream", records.size() + " " + records.get(0).eventName() + " " + records.get(4).eventName() + " "
        + records.get(4).dynamodb().oldImage().get("state").s());
    orders.deleteTable();
    client.waiter().waitUntilTableNotExists(b -> b.tableName(name));
  }
}
