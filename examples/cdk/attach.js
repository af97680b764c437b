// A REST API of your own, behind the authorizer of a Rescind stack in the same account and region.
import { fileURLToPath } from 'node:url';

import { App, Duration, Stack } from 'aws-cdk-lib';
import { IdentitySource, LambdaIntegration, RequestAuthorizer, ResponseType, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Code, Function, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';

class Orders extends Stack {
  constructor(scope, id, { rescind = 'rescind', ...props } = {}) {
    super(scope, id, props);
    const saidBy = (name) => StringParameter.valueForStringParameter(this, `/${rescind}/${name}`);

    const authorizer = new RequestAuthorizer(this, 'Rescind', {
      handler: Function.fromFunctionAttributes(this, 'Authorizer', {
        functionArn: saidBy('authorizer-arn'),
        sameEnvironment: true, // Without it the CDK adds no permission, and API Gateway may not call the authorizer.
      }),
      identitySources: [IdentitySource.header('Authorization')],
      resultsCacheTtl: Duration.seconds(0), // The revocation delay. Left out, it is five minutes.
    });

    const api = new RestApi(this, 'Api', { cloudWatchRole: false, defaultMethodOptions: { authorizer } });
    const unavailable = {
      statusCode: '503',
      responseHeaders: { 'Retry-After': "'1'" },
      templates: { 'application/json': '{"error": "temporarily_unavailable"}' },
    };
    api.addGatewayResponse('Failed', { type: ResponseType.AUTHORIZER_FAILURE, ...unavailable });
    api.addGatewayResponse('Misconfigured', { type: ResponseType.AUTHORIZER_CONFIGURATION_ERROR, ...unavailable });
    api.addGatewayResponse('Refused', {
      type: ResponseType.UNAUTHORIZED,
      responseHeaders: { 'WWW-Authenticate': "'Bearer error=\"invalid_token\"'" },
      templates: { 'application/json': '{"error": "invalid_token"}' },
    });

    const listOrders = new Function(this, 'ListOrders', {
      runtime: Runtime.PYTHON_3_13,
      code: Code.fromAsset(fileURLToPath(new URL('../rest-api/orders', import.meta.url))),
      handler: 'app.list_orders',
      layers: [LayerVersion.fromLayerVersionArn(this, 'RescindLayer', saidBy('layer-arn'))],
    });
    api.root.addResource('orders').addMethod('GET', new LambdaIntegration(listOrders));
  }
}

new Orders(new App(), 'orders');
