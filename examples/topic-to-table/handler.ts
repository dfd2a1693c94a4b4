// Marks the highest bid of each auction. The condition makes it safe to see a bid twice, or two bids out of order.
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { MSKEvent } from 'aws-lambda';

interface Bid { auction: string; bidder: string; amount: number }

const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));

async function mark(bid: Bid): Promise<void> {
  try {
    await table.send(new UpdateCommand({
      TableName: process.env.AUCTIONS_TABLE,
      Key: { auction: bid.auction },
      UpdateExpression: 'SET winner = :bidder, amount = :amount',
      ConditionExpression: 'attribute_not_exists(amount) OR amount < :amount',
      ExpressionAttributeValues: { ':bidder': bid.bidder, ':amount': bid.amount },
    }));
    console.log(`${bid.bidder} leads ${bid.auction} with ${bid.amount}`);
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    console.log(`${bid.bidder} was outbid in ${bid.auction}`);
  }
}

export async function handler(event: MSKEvent): Promise<void> {
  for (const [partition, records] of Object.entries(event.records)) {
    for (const record of records) {
      await mark(JSON.parse(Buffer.from(record.value, 'base64').toString('utf8')));
    }
    console.log(`${records.length} bids of ${partition}`);
  }
}
