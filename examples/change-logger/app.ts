import { App } from 'aws-cdk-lib';
import { ChangeLoggerStack } from './stack';

const app = new App({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out' });
new ChangeLoggerStack(app, 'ChangeLogger');
app.synth();
