// Two stacks with what CDK itself adds: assets, custom resources, a nested stack, an export.
const cdk = require('aws-cdk-lib');
const {
  aws_lambda: lambda,
  aws_s3: s3,
  aws_s3_deployment: deployment,
  aws_sns: sns,
  aws_sqs: sqs,
  custom_resources: custom,
} = cdk;


const inline = (code) => ({
  runtime: lambda.Runtime.PYTHON_3_12,
  handler: 'index.handler',
  code: lambda.Code.fromInline(code),
});

class Site extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const removalPolicy = cdk.RemovalPolicy.DESTROY;
    this.bucket = new s3.Bucket(this, 'Bucket', { autoDeleteObjects: true, removalPolicy });
    new deployment.BucketDeployment(this, 'Deployment', {
      sources: [
        deployment.Source.asset('site'),
        deployment.Source.jsonData('config.json', { bucket: this.bucket.bucketName }),
      ],
      destinationBucket: this.bucket,
    });
    const onEventHandler = new lambda.Function(this, 'OnEvent', inline(`
def handler(event, context):
    return {"PhysicalResourceId": "thing", "Data": {"Said": "made"}}
`));
    const isCompleteHandler = new lambda.Function(this, 'IsComplete', inline(`
def handler(event, context):
    return {"IsComplete": True, "Data": {"Done": "yes"}}
`));
    const queryInterval = cdk.Duration.seconds(1);
    const { serviceToken } = new custom.Provider(this, 'Provider', {
      onEventHandler,
      isCompleteHandler,
      queryInterval,
    });
    const made = new cdk.CustomResource(this, 'Thing', { serviceToken });
    new cdk.CfnOutput(this, 'Done', { value: made.getAttString('Done') });
    new cdk.CfnOutput(this, 'BucketName', { value: this.bucket.bucketName });
  }
}

class Inner extends cdk.NestedStack {
  constructor(scope, id) {
    super(scope, id);
    this.topic = new sns.Topic(this, 'Topic');
  }
}

class Web extends cdk.Stack {
  constructor(scope, id, site) {
    super(scope, id);
    const inner = new Inner(this, 'Inner');
    const says = new lambda.Function(this, 'Says', {
      ...inline(`import os\ndef handler(event, context):\n    return [${JSON.stringify(this.node.getContext('says'))}, os.environ["BUCKET"]]`),
      environment: { BUCKET: site.bucket.bucketName, TOPIC: inner.topic.topicArn },
    });
    new sqs.Queue(this, 'Queue');
    new cdk.CfnOutput(this, 'Function', { value: says.functionName });
  }
}

const app = new cdk.App({ analyticsReporting: false });
const name = app.node.getContext('name');
new Web(app, `${name}-web`, new Site(app, `${name}-site`));
