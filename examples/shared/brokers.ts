// Finds a cluster's brokers by its name and signs in to them with the function's own role.
import { KafkaClient, GetBootstrapBrokersCommand, ListClustersV2Command } from '@aws-sdk/client-kafka';
import { createMechanism } from '@jm18457/kafkajs-msk-iam-authentication-mechanism';
import { Kafka, logLevel } from 'kafkajs';

/** The addresses that take IAM sign-in, as the control plane of the cluster tells them. */
export async function findBrokers(clusterName: string): Promise<string[]> {
  const client = new KafkaClient({});
  const { ClusterInfoList = [] } = await client.send(new ListClustersV2Command({ ClusterNameFilter: clusterName }));
  const cluster = ClusterInfoList.find((each) => each.ClusterName === clusterName);
  if (!cluster) throw new Error(`no Kafka cluster is named ${clusterName}`);
  const brokers = await client.send(new GetBootstrapBrokersCommand({ ClusterArn: cluster.ClusterArn }));
  if (!brokers.BootstrapBrokerStringSaslIam) throw new Error(`${clusterName} has no brokers with IAM sign-in`);
  return brokers.BootstrapBrokerStringSaslIam.split(',');
}

export async function connect(clusterName: string, clientId: string): Promise<Kafka> {
  const brokers = await findBrokers(clusterName);
  // Brokers on this machine are reached over loopback, which needs no TLS; all others are.
  const local = brokers.every((address) => /^(127\.|localhost:|\[::1\])/.test(address));
  return new Kafka({
    clientId,
    brokers,
    ssl: !local,
    sasl: createMechanism({ region: process.env.AWS_REGION! }),
    logLevel: logLevel.WARN,
  });
}

/** Makes the topic where it is missing. True when this call made it. */
export async function ensureTopic(kafka: Kafka, topic: string, numPartitions: number): Promise<boolean> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
  } finally {
    await admin.disconnect();
  }
}
