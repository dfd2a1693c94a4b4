// Logs each new item as plain JSON: the stream's typed attributes ({"N": "21.5"}) become values (21.5).
import { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBStreamEvent } from 'aws-lambda';

export async function handler(event: DynamoDBStreamEvent): Promise<void> {
  for (const record of event.Records) {
    if (record.eventName !== 'INSERT') continue;
    const item = unmarshall(record.dynamodb!.NewImage as Record<string, AttributeValue>);
    console.log('new item', JSON.stringify(item));
  }
}
