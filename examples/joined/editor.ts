// Features every note of more than a given number of words.
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { MSKEvent } from 'aws-lambda';

const table = new DynamoDBClient({});
const long = Number(process.env.LONG_NOTE_WORDS);

export async function handler(event: MSKEvent): Promise<void> {
  for (const record of Object.values(event.records).flat()) {
    const note = JSON.parse(Buffer.from(record.value, 'base64').toString('utf8'));
    const words = note.text.split(/\s+/).filter(Boolean).length;
    if (words <= long) {
      console.log(`note ${note.id} of ${words} words is too short`);
      continue;
    }
    await table.send(new UpdateItemCommand({
      TableName: process.env.NOTES_TABLE,
      Key: { id: { S: note.id } },
      UpdateExpression: 'SET featured = :yes, words = :words',
      ExpressionAttributeValues: { ':yes': { BOOL: true }, ':words': { N: String(words) } },
    }));
    console.log(`featured note ${note.id}: ${words} words, offset ${record.offset}`);
  }
}
