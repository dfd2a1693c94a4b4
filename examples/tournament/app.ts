import { App } from 'aws-cdk-lib';
import { TournamentStack } from './stack';

const app = new App({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out' });
new TournamentStack(app, 'Tournament');
app.synth();
