// Sends each new note to the topic. The mapping's filter lets only INSERT through.
import { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import type { Producer } from 'kafkajs';
import { connect, ensureTopic } from '../shared/brokers';

const topic = process.env.TOPIC!;
let producer: Promise<Producer> | undefined; // kept while the environment lives

async function open(): Promise<Producer> {
  const kafka = await connect(process.env.CLUSTER_NAME!, 'note-publisher');
  if (await ensureTopic(kafka, topic, 1)) console.log('made the topic', topic);
  const opened = kafka.producer({ allowAutoTopicCreation: false });
  await opened.connect();
  return opened;
}

export async function handler(event: DynamoDBStreamEvent): Promise<void> {
  producer ??= open();
  const ready = await producer.catch((error) => {
    producer = undefined; // the next invocation tries anew
    throw error;
  });
  const notes = event.Records.map((record) => unmarshall(record.dynamodb!.NewImage as Record<string, AttributeValue>));
  const placed = await ready.send({ topic, messages: notes.map((note) => ({ key: note.id, value: JSON.stringify(note) })) });
  for (const note of notes) console.log('published note', note.id);
  for (const each of placed) {
    console.log('sent', JSON.stringify({ topic: each.topicName, partition: each.partition, offset: each.baseOffset }));
  }
}
