import { App } from 'aws-cdk-lib';
import { NotesStack } from './stack';

const app = new App({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out' });
new NotesStack(app, 'Notes');
app.synth();
