// Finds a cluster's brokers by its name and signs in to them with the function's own role, where they offer that.
import { KafkaClient, GetBootstrapBrokersCommand, ListClustersV2Command } from '@aws-sdk/client-kafka';
import { createMechanism } from '@jm18457/kafkajs-msk-iam-authentication-mechanism';
import { Kafka, logLevel } from 'kafkajs';

export interface Brokers {
  addresses: string[];
  iam: boolean; // they take IAM sign-in; else they are plain
}

/** The addresses of the cluster as its control plane tells them: those with IAM sign-in where there are some. */
export async function findBrokers(clusterName: string): Promise<Brokers> {
  const client = new KafkaClient({});
  const { ClusterInfoList = [] } = await client.send(new ListClustersV2Command({ ClusterNameFilter: clusterName }));
  const cluster = ClusterInfoList.find((each) => each.ClusterName === clusterName);
  if (!cluster) throw new Error(`no Kafka cluster is named ${clusterName}`);
  const told = await client.send(new GetBootstrapBrokersCommand({ ClusterArn: cluster.ClusterArn }));
  const addresses = told.BootstrapBrokerStringSaslIam ?? told.BootstrapBrokerString;
  if (!addresses) throw new Error(`${clusterName} has no brokers with IAM sign-in and no plain ones`);
  return { addresses: addresses.split(','), iam: told.BootstrapBrokerStringSaslIam !== undefined };
}

export async function connect(clusterName: string, clientId: string): Promise<Kafka> {
  const { addresses: brokers, iam } = await findBrokers(clusterName);
  if (!iam) return new Kafka({ clientId, brokers, logLevel: logLevel.WARN });
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
