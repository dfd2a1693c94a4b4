import { Duration } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, NodejsFunctionProps } from 'aws-cdk-lib/aws-lambda-nodejs';
import { Construct } from 'constructs';
import * as fs from 'fs';
import * as path from 'path';

/** A Node function from one TypeScript file, bundled by esbuild; the AWS SDK v3 stays outside, as the service supplies it. */
export function nodeFunction(scope: Construct, id: string, props: NodejsFunctionProps): NodejsFunction {
  return new NodejsFunction(scope, id, {
    runtime: Runtime.NODEJS_22_X,
    handler: 'handler',
    timeout: Duration.seconds(30),
    memorySize: 256,
    ...props,
  });
}

/** A C++ function: the folder holds `bootstrap`, as `./dev build` makes it from the example's handler.cc. */
export function cppFunction(scope: Construct, id: string, example: string,
                            props: { functionName: string; environment: Record<string, string> }): LambdaFunction {
  const folder = process.env.TIDEMILL_EXAMPLES_BUILD ?? path.join(__dirname, '../../build/release/examples');
  const built = path.join(folder, example);
  if (!fs.existsSync(path.join(built, 'bootstrap'))) throw new Error(`${built}/bootstrap is not built: ./dev build`);
  return new LambdaFunction(scope, id, {
    runtime: Runtime.PROVIDED_AL2023,
    handler: 'bootstrap',
    code: Code.fromAsset(built),
    timeout: Duration.seconds(30),
    memorySize: 256,
    ...props,
  });
}
