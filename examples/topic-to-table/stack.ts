import { CfnOutput, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { ManagedKafkaEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import * as path from 'path';
import { IamCluster } from '../shared/cluster';
import { nodeFunction } from '../shared/function';

/** Bids arrive in a topic; a function marks the winner so far of each auction in a table. */
export class TopicToTableStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const cluster = new IamCluster(this, 'Events', 'auctions-cluster');
    const table = new Table(this, 'Auctions', {
      tableName: 'auctions',
      partitionKey: { name: 'auction', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const marker = nodeFunction(this, 'Marker', {
      functionName: 'winner-marker',
      entry: path.join(__dirname, 'handler.ts'),
      environment: { AUCTIONS_TABLE: table.tableName },
    });
    table.grantWriteData(marker);
    cluster.grantConsume(marker);
    marker.addEventSource(new ManagedKafkaEventSource({
      clusterArn: cluster.arn,
      topic: 'bids',
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 50,
    }));
    new CfnOutput(this, 'TableName', { value: table.tableName });
    new CfnOutput(this, 'Topic', { value: 'bids' });
    new CfnOutput(this, 'FunctionName', { value: marker.functionName });
  }
}
