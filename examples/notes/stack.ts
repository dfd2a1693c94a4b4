import { CfnOutput, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import { Cors, LambdaIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { AttributeType, BillingMode, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { IFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import * as path from 'path';
import { cppFunction, nodeFunction } from '../shared/function';

/**
 * POST /notes stores a note; the table's stream starts a count of the words of each author. `-c language=cpp`: the count in
 * C++. `prefix` goes before every name, so that a stack built on this one stands beside it.
 */
export class NotesStack extends Stack {
  protected readonly notes: Table;

  constructor(scope: Construct, id: string, props: StackProps & { prefix?: string } = {}) {
    super(scope, id, props);
    const prefix = props.prefix ?? '';
    this.notes = new Table(this, 'NotesTable', {
      tableName: `${prefix}notes`,
      partitionKey: { name: 'id', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const counts = new Table(this, 'WordCounts', {
      tableName: `${prefix}word-counts`,
      partitionKey: { name: 'author', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.DESTROY,
    });

    const writer = nodeFunction(this, 'Writer', {
      functionName: `${prefix}note-writer`,
      entry: path.join(__dirname, 'writer.ts'),
      environment: { NOTES_TABLE: this.notes.tableName },
    });
    this.notes.grantReadWriteData(writer);

    const counting = { functionName: `${prefix}word-count`, environment: { COUNTS_TABLE: counts.tableName } };
    const counter: IFunction = this.node.tryGetContext('language') === 'cpp'
      ? cppFunction(this, 'WordCount', 'word-count', counting)
      : nodeFunction(this, 'WordCount', { entry: path.join(__dirname, 'word_count.ts'), ...counting });
    counts.grantReadWriteData(counter);
    (counter as ReturnType<typeof nodeFunction>).addEventSource(
      new DynamoEventSource(this.notes, { startingPosition: StartingPosition.TRIM_HORIZON, batchSize: 100 }));

    const api = new RestApi(this, 'Api', {
      restApiName: `${prefix}notes`,
      cloudWatchRole: false,
      deployOptions: { stageName: 'prod' },
      defaultCorsPreflightOptions: { allowOrigins: Cors.ALL_ORIGINS, allowMethods: ['GET', 'POST'] },
    });
    const notes = api.root.addResource('notes');
    notes.addMethod('POST', new LambdaIntegration(writer));
    notes.addResource('{id}').addMethod('GET', new LambdaIntegration(writer));

    new CfnOutput(this, 'ApiId', { value: api.restApiId });
    new CfnOutput(this, 'NotesTableName', { value: this.notes.tableName });
    new CfnOutput(this, 'CountsTableName', { value: counts.tableName });
  }
}
