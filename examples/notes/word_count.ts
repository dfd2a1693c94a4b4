// Counts the words of each author's notes, with the older SDK and its legacy form of an update: AttributeUpdates.
import DynamoDB from 'aws-sdk/clients/dynamodb';
import type { DynamoDBStreamEvent } from 'aws-lambda';

const table = new DynamoDB.DocumentClient();

export async function handler(event: DynamoDBStreamEvent): Promise<void> {
  for (const record of event.Records) {
    if (record.eventName !== 'INSERT') continue;
    const note = DynamoDB.Converter.unmarshall(record.dynamodb!.NewImage as DynamoDB.AttributeMap);
    const words = note.text.split(/\s+/).filter(Boolean).length;
    const { Attributes } = await table.update({
      TableName: process.env.COUNTS_TABLE!,
      Key: { author: note.author },
      AttributeUpdates: {
        words: { Action: 'ADD', Value: words },
        notes: { Action: 'ADD', Value: 1 },
      },
      ReturnValues: 'UPDATED_NEW',
    }).promise();
    console.log(`note ${note.id}: ${words} words; ${note.author} has written ${Attributes!.words}`);
  }
}
