import { App } from 'aws-cdk-lib';
import { StreamToTopicStack } from './stack';

const app = new App({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out' });
new StreamToTopicStack(app, 'StreamToTopic');
app.synth();
