"""What the rules of aws.yaml find (ruleid, above the line) and let pass (ok). Nothing imports this file."""


def reads_what_was(self, table, key, parameters):
    # ruleid: read-eventually-consistent
    aws.call(self._client.get_item, TableName=table, Key=key)
    # ruleid: read-eventually-consistent
    aws.call(self._client.get_item, TableName=table, Key=key, ConsistentRead=False)
    # ruleid: read-eventually-consistent
    aws.call(self._client.query, TableName=table, **parameters)
    # ruleid: read-eventually-consistent
    self._client.query(TableName=table, ConsistentRead=True)
    # ruleid: read-eventually-consistent
    read = self._client.scan
    # ruleid: read-eventually-consistent
    aws.call(self._client.batch_get_item, RequestItems={table: {"Keys": [key]} for table in tables})
    # ruleid: read-eventually-consistent
    aws.call(self._client.batch_get_item, RequestItems={table: {"Keys": [key], "ConsistentRead": False}})
    # ruleid: read-eventually-consistent
    weak = {"Keys": [key]}
    # ruleid: read-eventually-consistent
    aws.call(self._client.query, TableName=table, IndexName="by-name", ConsistentRead=True)
    # ruleid: read-eventually-consistent
    pages = self._client.get_paginator("query")
    # ruleid: read-eventually-consistent
    aws.call(self._client.execute_statement, Statement="SELECT * FROM Users", ConsistentRead=True)


def reads_what_is(self, table, key, start):
    # ok: read-eventually-consistent
    aws.call(self._client.get_item, TableName=table, Key=key, ConsistentRead=True)
    # ok: read-eventually-consistent
    aws.call(self._client.query, TableName=table, ConsistentRead=True, **start)
    # ok: read-eventually-consistent
    aws.call(
        self._client.batch_get_item,
        RequestItems={table: {"Keys": [key], "ConsistentRead": True} for table, key in keys.items()},
    )
    # ok: read-eventually-consistent
    aws.call(self._client.update_item, TableName=table, Key=key)


def makes_a_client_that_waits_a_minute():
    # ruleid: aws-client
    import boto3
    # ruleid: aws-client
    from boto3 import client
    # ruleid: aws-client
    import boto3.session
    # ruleid: aws-client
    from botocore.config import Config
    # ok: aws-client
    from rescind import aws

    # ok: aws-client
    sdk.client("dynamodb")


def speaks_to_strangers():
    # ruleid: network
    import urllib.request
    # ruleid: network
    from urllib.request import urlopen
    # ruleid: network
    from urllib import request
    # ruleid: network
    import requests
    # ruleid: network
    import http.client
    # ruleid: network
    import subprocess
    # ok: network
    from rescind.web.requests import Event
    # ruleid: network
    import ssl
    # ok: network
    from ssl import RAND_add
    # ok: network
    from urllib.parse import urlsplit
