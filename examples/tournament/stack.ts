import { CfnOutput, Duration, RemovalPolicy, Stack, StackProps } from 'aws-cdk-lib';
import { AttributeType, BillingMode, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as LambdaFunction, Runtime, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import * as path from 'path';
import { cppFunction } from '../shared/function';

/** Results of games go into one table; a function keeps each player's totals in another. `-c language=cpp`: the same in C++. */
export class TournamentStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const results = new Table(this, 'Results', {
      tableName: 'game-results',
      partitionKey: { name: 'game', type: AttributeType.STRING },
      sortKey: { name: 'player', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const totals = new Table(this, 'Totals', {
      tableName: 'player-totals',
      partitionKey: { name: 'player', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const common = { functionName: 'tournament-statistics', environment: { TOTALS_TABLE: totals.tableName } };
    const statistics = this.node.tryGetContext('language') === 'cpp'
      ? cppFunction(this, 'Statistics', 'tournament', common)
      : new LambdaFunction(this, 'Statistics', {
          runtime: Runtime.PYTHON_3_12,
          handler: 'statistics_of_players.handler',
          code: Code.fromAsset(path.join(__dirname, 'python')),
          timeout: Duration.seconds(30),
          memorySize: 256,
          ...common,
        });
    totals.grantReadWriteData(statistics);
    statistics.addEventSource(new DynamoEventSource(results, { startingPosition: StartingPosition.TRIM_HORIZON, batchSize: 10 }));
    new CfnOutput(this, 'ResultsTable', { value: results.tableName });
    new CfnOutput(this, 'TotalsTable', { value: totals.tableName });
    new CfnOutput(this, 'FunctionName', { value: statistics.functionName });
  }
}
