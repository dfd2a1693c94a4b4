// Prints the messages of one topic that hold a text, as JSON lines with their place and time. Ends when the first is found.
// usage: read_message.js BROKER TOPIC TEXT SECONDS   (kafkajs is looked up from the current folder)
'use strict';
const { createRequire } = require('module');
const { Kafka, logLevel } = createRequire(`${process.cwd()}/`)('kafkajs');

const [broker, topic, text, seconds] = process.argv.slice(2);

async function main() {
  const kafka = new Kafka({ clientId: 'tidemill-up', brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 20 } });
  const consumer = kafka.consumer({ groupId: `tidemill-up-${process.pid}` });
  setTimeout(() => process.exit(1), Number(seconds) * 1000);
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      if (!message.value.toString().includes(text)) return;
      console.log(JSON.stringify({ partition, offset: message.offset, timestamp: Number(message.timestamp) }));
      process.exit(0);
    },
  });
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
