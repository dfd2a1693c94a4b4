// Scenarios under kafkajs, run by test_clients_kafkajs.py: node scenarios.mjs <scenario> <broker> <topic>. Prints one JSON line.
import kafkajs from 'kafkajs';

const { CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = kafkajs;
const [, , scenario, broker, topic] = process.argv;
const kafka = (options = {}) => new Kafka({ clientId: 'kjs', brokers: [broker], logLevel: logLevel.NOTHING, ...options });

const until = async (done, ms = 15000) => {
  const end = Date.now() + ms;
  while (!done() && Date.now() < end) await new Promise((r) => setTimeout(r, 20));
};

async function consume(groupId, count, options = {}) {
  const consumer = kafka().consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 500, ...options });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const got = [];
  await consumer.run({ eachMessage: async ({ partition, message }) => {
    got.push({ partition, offset: message.offset, key: message.key?.toString() ?? null, value: message.value?.toString() ?? null,
               headers: Object.fromEntries(Object.entries(message.headers ?? {}).map(([k, v]) => [k, String(v)])) });
  } });
  await until(() => got.length >= count);
  return { consumer, got };
}

const scenarios = {
  async produce_consume() {
    const producer = kafka().producer();
    await producer.connect();
    for (const acks of [-1, 1, 0])
      await producer.send({ topic, acks, messages: [{ key: 'k', value: `acks ${acks}`, headers: { h: 'x' } }] });
    await producer.send({ topic, compression: CompressionTypes.GZIP, messages: [{ key: 'g', value: 'gzip' }, { key: 'n', value: null }] });
    const { consumer, got } = await consume(`g-${topic}`, 5);
    await consumer.disconnect();
    await producer.disconnect();
    return got;
  },
  async admin() {
    const admin = kafka().admin();
    await admin.connect();
    const created = await admin.createTopics({ topics: [{ topic, numPartitions: 3, configEntries: [{ name: 'retention.ms', value: '99999' }] }] });
    const again = await admin.createTopics({ topics: [{ topic }] });
    await admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] });
    const metadata = await admin.fetchTopicMetadata({ topics: [topic] });
    const configs = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }] });
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: 'retention.ms', value: '777' }] }] });
    const altered = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }] });
    await admin.setOffsets({ groupId: `s-${topic}`, topic, partitions: [{ partition: 0, offset: '4' }] });
    const offsets = await admin.fetchOffsets({ groupId: `s-${topic}`, topics: [topic] });
    const ends = await admin.fetchTopicOffsets(topic);
    const groups = (await admin.listGroups()).groups.map((g) => g.groupId);
    await admin.deleteGroups([`s-${topic}`]);
    const cluster = await admin.describeCluster();
    const dead = (await admin.describeGroups(['nobody'])).groups[0];
    await admin.deleteTopics({ topics: [topic] });
    const left = await admin.listTopics();
    let acl = null;
    await admin.disconnect();
    return { created, again, partitions: metadata.topics[0].partitions.length, retention: configs.resources[0].configEntries[0].configValue,
             altered: altered.resources[0].configEntries[0].configValue, offset: offsets[0].partitions.find((p) => p.partition === 0).offset,
             ends: ends.length, groups: groups.includes(`s-${topic}`), brokers: cluster.brokers.length, dead: [dead.errorCode, dead.state],
             left: left.includes(topic) };
  },
  async rebalance() {
    const admin = kafka().admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 4 }] });
    const assigned = [{}, {}];
    const join = async (i) => {
      const consumer = kafka().consumer({ groupId: `g-${topic}`, sessionTimeout: 6000, heartbeatInterval: 300 });
      consumer.on(consumer.events.GROUP_JOIN, (e) => { assigned[i] = e.payload.memberAssignment; });
      await consumer.connect();
      await consumer.subscribe({ topics: [topic] });
      await consumer.run({ eachMessage: async () => {} });
      return consumer;
    };
    const first = await join(0);
    await until(() => assigned[0][topic]?.length === 4);
    const second = await join(1);
    await until(() => assigned[0][topic]?.length === 2 && assigned[1][topic]?.length === 2);
    const shared = [assigned[0][topic]?.length, assigned[1][topic]?.length];
    await second.disconnect();
    await until(() => assigned[0][topic]?.length === 4);
    const after = assigned[0][topic]?.length;
    await first.disconnect();
    await admin.disconnect();
    return { shared, after };
  },
  async transactions() {
    const producer = kafka().producer({ transactionalId: `tx-${topic}`, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const commit = await producer.transaction();
    await commit.send({ topic, messages: [{ value: 'committed' }] });
    await commit.sendOffsets({ consumerGroupId: `o-${topic}`, topics: [{ topic, partitions: [{ partition: 0, offset: '1' }] }] });
    await commit.commit();
    const abort = await producer.transaction();
    await abort.send({ topic, messages: [{ value: 'aborted' }] });
    await abort.sendOffsets({ consumerGroupId: `o-${topic}`, topics: [{ topic, partitions: [{ partition: 0, offset: '9' }] }] });
    await abort.abort();
    const last = await producer.transaction();
    await last.send({ topic, messages: [{ value: 'last' }] });
    await last.commit();
    const { consumer, got } = await consume(`g-${topic}`, 2);
    await consumer.disconnect();
    const admin = kafka().admin();
    await admin.connect();
    const offset = (await admin.fetchOffsets({ groupId: `o-${topic}`, topics: [topic] }))[0].partitions[0].offset;
    await admin.disconnect();
    await producer.disconnect();
    return { values: got.map((m) => m.value), offset };
  },
  async snappy() {  // the topic holds snappy batches of another client
    const consumer = kafka({ retry: { retries: 0 } }).consumer({ groupId: `g-${topic}` });
    let error = null;
    consumer.on(consumer.events.CRASH, (e) => { error = e.payload.error.message; });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ eachMessage: async () => {} });
    await until(() => error);
    await consumer.disconnect();
    return { error };
  },
  async consume_one() {
    const { consumer, got } = await consume(`g-${topic}`, 1);
    await consumer.disconnect();
    return got;
  },
  async sasl() {
    const attempt = async (sasl) => {
      const producer = kafka({ sasl, retry: { retries: 0 } }).producer();
      try {
        await producer.connect();
        await producer.send({ topic, messages: [{ value: sasl.mechanism }] });
        return 'ok';
      } catch (error) {
        return error.message;
      } finally {
        await producer.disconnect();
      }
    };
    const out = {};
    for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512']) {
      out[mechanism] = await attempt({ mechanism, username: 'bob', password: 'secret' });
      out[`${mechanism} wrong`] = await attempt({ mechanism, username: 'bob', password: 'wrong' });
    }
    return out;
  },
  async msk_iam() {
    const module = await import('@jm18457/kafkajs-msk-iam-authentication-mechanism');
    const { createMechanism } = module.default ?? module;
    const attempt = async (credentials) => {
      const producer = kafka({ sasl: createMechanism({ region: 'us-east-1', credentials }), retry: { retries: 0 } }).producer();
      try {
        await producer.connect();
        await producer.send({ topic, messages: [{ value: 'iam' }] });
        return 'ok';
      } catch (error) {
        return error.message;
      } finally {
        await producer.disconnect();
      }
    };
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
    return { good: await attempt({ accessKeyId, secretAccessKey }), bad: await attempt({ accessKeyId, secretAccessKey: 'wrong' }),
             unknown: await attempt({ accessKeyId: 'AKIANOBODY', secretAccessKey }) };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
process.exit(0);
