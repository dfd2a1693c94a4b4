import { Stack } from 'aws-cdk-lib';
import { CfnServerlessCluster } from 'aws-cdk-lib/aws-msk';
import { IGrantable, Grant } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/**
 * A Kafka cluster whose clients sign in with IAM. On AWS name two subnets (`-c subnets=subnet-1,subnet-2`); Tidemill has
 * no subnets: there the cluster is the broker inside the server.
 */
export class IamCluster extends Construct {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, name: string) {
    super(scope, id);
    const subnets: string = this.node.tryGetContext('subnets') ?? 'subnet-00000001,subnet-00000002';
    const cluster = new CfnServerlessCluster(this, 'Cluster', {
      clusterName: name,
      clientAuthentication: { sasl: { iam: { enabled: true } } },
      vpcConfigs: [{ subnetIds: subnets.split(',') }],
    });
    this.name = name;
    this.arn = cluster.ref;
  }

  /** Lets `who` find the brokers, make topics and write to them. */
  grantProduce(who: IGrantable): void {
    this.grant(who, ['kafka:ListClustersV2', 'kafka:GetBootstrapBrokers', 'kafka:DescribeClusterV2'], ['*']);
    this.grant(who, ['kafka-cluster:Connect', 'kafka-cluster:DescribeCluster', 'kafka-cluster:CreateTopic',
                     'kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData', 'kafka-cluster:WriteDataIdempotently'], this.resources());
  }

  /** Lets the event source mapping of `who` read topics. */
  grantConsume(who: IGrantable): void {
    this.grant(who, ['kafka-cluster:Connect', 'kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData',
                     'kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'], this.resources());
  }

  private grant(who: IGrantable, actions: string[], resourceArns: string[]): void {
    Grant.addToPrincipal({ grantee: who, actions, resourceArns });
  }

  private resources(): string[] {
    const { partition, region, account } = Stack.of(this);
    return ['cluster', 'topic', 'group'].map((kind) => `arn:${partition}:kafka:${region}:${account}:${kind}/${this.name}/*`);
  }
}

