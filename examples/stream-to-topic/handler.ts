// Sends each change of the table to a topic, keyed by the item's id, so that the changes of one item stay in order.
import { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import type { Producer } from 'kafkajs';
import { connect, ensureTopic } from '../shared/brokers';

const topic = process.env.TOPIC!;
let producer: Promise<Producer> | undefined; // kept while the environment lives

async function open(): Promise<Producer> {
  const kafka = await connect(process.env.CLUSTER_NAME!, 'order-publisher');
  if (await ensureTopic(kafka, topic, 3)) console.log('made the topic', topic);
  const opened = kafka.producer({ allowAutoTopicCreation: false });
  await opened.connect();
  return opened;
}

function message(record: DynamoDBRecord) {
  const plain = (image?: object) => (image ? unmarshall(image as Record<string, AttributeValue>) : undefined);
  const { Keys, OldImage, NewImage } = record.dynamodb!;
  return {
    key: String(plain(Keys)!.id),
    value: JSON.stringify({ change: record.eventName, before: plain(OldImage), after: plain(NewImage) }),
    headers: { 'event-id': record.eventID! },
  };
}

export async function handler(event: DynamoDBStreamEvent): Promise<void> {
  producer ??= open();
  const ready = await producer.catch((error) => {
    producer = undefined; // the next invocation tries anew
    throw error;
  });
  const placed = await ready.send({ topic, messages: event.Records.map(message) });
  for (const each of placed) {
    console.log('sent', JSON.stringify({ topic: each.topicName, partition: each.partition, offset: each.baseOffset }));
  }
}
