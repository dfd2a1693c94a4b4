import { App } from 'aws-cdk-lib';
import { JoinedStack } from './stack';

const app = new App({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out' });
new JoinedStack(app, 'JoinedNotes');
app.synth();
