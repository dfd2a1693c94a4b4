import { App } from 'aws-cdk-lib';
import { TopicToTableStack } from './stack';

const app = new App({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out' });
new TopicToTableStack(app, 'TopicToTable');
app.synth();
