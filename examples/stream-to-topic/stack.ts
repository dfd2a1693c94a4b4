import { CfnOutput, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import { AttributeType, BillingMode, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import * as path from 'path';
import { IamCluster } from '../shared/cluster';
import { nodeFunction } from '../shared/function';

/** Every change of a table becomes a message of a topic. */
export class StreamToTopicStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const cluster = new IamCluster(this, 'Events', 'orders-cluster');
    const table = new Table(this, 'Orders', {
      tableName: 'orders',
      partitionKey: { name: 'id', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const publisher = nodeFunction(this, 'Publisher', {
      functionName: 'order-publisher',
      entry: path.join(__dirname, 'handler.ts'),
      environment: { CLUSTER_NAME: cluster.name, TOPIC: 'order-changes' },
    });
    cluster.grantProduce(publisher);
    publisher.addEventSource(new DynamoEventSource(table, { startingPosition: StartingPosition.TRIM_HORIZON, batchSize: 100 }));
    new CfnOutput(this, 'TableName', { value: table.tableName });
    new CfnOutput(this, 'Topic', { value: 'order-changes' });
    new CfnOutput(this, 'FunctionName', { value: publisher.functionName });
  }
}
