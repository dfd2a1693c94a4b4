// POST /notes stores a note; GET /notes/{id} reads it.
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { randomUUID } from 'crypto';

const table = new DynamoDBClient({});
const TableName = process.env.NOTES_TABLE;

function answer(statusCode: number, body: unknown): APIGatewayProxyResult {
  return {
    statusCode,
    headers: { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' },
    body: JSON.stringify(body),
  };
}

async function store(body: string | null): Promise<APIGatewayProxyResult> {
  let sent: { author?: unknown; text?: unknown };
  try {
    sent = JSON.parse(body ?? '');
  } catch {
    return answer(400, { message: 'the body is not JSON' });
  }
  if (typeof sent?.author !== 'string' || !sent.author || typeof sent.text !== 'string' || !sent.text) {
    return answer(400, { message: 'a note needs an author and a text' });
  }
  const note = { id: randomUUID(), author: sent.author, text: sent.text, written: new Date().toISOString() };
  await table.send(new PutItemCommand({ TableName, Item: marshall(note) }));
  console.log('stored note', note.id);
  return answer(201, note);
}

async function read(id: string): Promise<APIGatewayProxyResult> {
  const { Item } = await table.send(new GetItemCommand({ TableName, Key: marshall({ id }), ConsistentRead: true }));
  return Item ? answer(200, unmarshall(Item)) : answer(404, { message: `there is no note ${id}` });
}

export async function handler(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
  return event.httpMethod === 'POST' ? store(event.body) : read(event.pathParameters!.id!);
}
