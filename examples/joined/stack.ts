import { CfnOutput, Duration, StackProps } from 'aws-cdk-lib';
import { FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, ManagedKafkaEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import * as path from 'path';
import { NotesStack } from '../notes/stack';
import { IamCluster } from '../shared/cluster';
import { nodeFunction } from '../shared/function';

/** The notes example, and from its stream on: new notes go to a topic, and a consumer of it features the long ones. */
export class JoinedStack extends NotesStack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, { ...props, prefix: 'joined-' });
    const cluster = new IamCluster(this, 'Events', 'notes-cluster');

    const publisher = nodeFunction(this, 'Publisher', {
      functionName: 'joined-note-publisher',
      entry: path.join(__dirname, 'publisher.ts'),
      environment: { CLUSTER_NAME: cluster.name, TOPIC: 'notes' },
    });
    cluster.grantProduce(publisher);
    publisher.addEventSource(new DynamoEventSource(this.notes, {
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      filters: [FilterCriteria.filter({ eventName: FilterRule.isEqual('INSERT') })],
    }));

    const editor = nodeFunction(this, 'Editor', {
      functionName: 'joined-note-editor',
      entry: path.join(__dirname, 'editor.ts'),
      environment: { NOTES_TABLE: this.notes.tableName, LONG_NOTE_WORDS: '8' },
    });
    this.notes.grantWriteData(editor);
    cluster.grantConsume(editor);
    editor.addEventSource(new ManagedKafkaEventSource({
      clusterArn: cluster.arn,
      topic: 'notes',
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      maxBatchingWindow: Duration.seconds(0), // a Kafka source waits half a second for more records unless it is told not to
    }));
    new CfnOutput(this, 'Topic', { value: 'notes' });
  }
}
