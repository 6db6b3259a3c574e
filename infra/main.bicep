targetScope = 'subscription'

@description('Name of the environment: it names the resource group and, hashed, every resource in it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Azure region. It must have Flex Consumption: az functionapp list-flexconsumption-locations')
param location string

@description('Memory of an instance in MB. CPU comes in proportion: a quarter, one or two cores.')
@allowed(['512', '2048', '4096'])
param instanceMemoryMB string = '2048'

@description('How many instances the app may have at most, which also caps what it can cost.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Instances for orchestrations and activities that are kept running. 0 costs nothing when idle; 1 is recommended for latency.')
@minValue(0)
@maxValue(1000)
param alwaysReadyInstances int = 0

@description('The same for HTTP requests.')
@minValue(0)
@maxValue(1000)
param alwaysReadyHttpInstances int = 0

@description('How many requests an instance has at a time before another is started for them. Half of them may be waiting ones.')
@minValue(2)
@maxValue(1000)
param httpConcurrency int = 100

@description('How long the multiplication takes, as a time span.')
param slowMultiplyDelay string = '00:00:02'

@description('How long a task may take, retries included, before it fails, as a time span.')
param slowMultiplyTimeout string = '00:05:00'

@description('How often a task is tried before it fails.')
param slowMultiplyMaxAttempts int = 25

@description('Days that an ended task is kept before it is deleted; 0 keeps it for ever.')
@minValue(0)
@maxValue(36500)
param retentionDays int = 30

@description('Signs webhooks: whsec_ and the base64 of 24 to 64 random bytes, or several such, divided by spaces. Empty: no webhooks.')
@secure()
param webhookSecret string = ''

@description('Task hubs, separated by commas, whose unfinished tasks this app takes over, as after a change of hubName. Empty: none.')
param formerTaskHubs string = ''

@description('Hosts, divided by commas, that webhooks may reach at any address and by http too. Empty in production.')
param webhookAllowedHosts string = ''

@description('How many webhooks an instance sends at a time. Empty: a quarter of its activity slots.')
param webhookMaxDeliveries string = ''

@description('Keeps storage off the public internet: the app reaches it through private endpoints in a virtual network.')
param privateNetwork bool = false

@description('Where orchestrations are kept: in the storage account or in a Durable Task Scheduler. The app must be built for the same one.')
@allowed(['storage', 'azureManaged'])
param durableBackend string = 'storage'

@description('Dedicated capacity units of the Durable Task Scheduler; 0 for its Consumption SKU, which costs nothing when idle.')
@minValue(0)
@maxValue(3)
param schedulerCapacity int = 0

@description('Telemetry kept per day, in GB: the rest of the day goes unrecorded, but unpaid, too. -1 for no limit.')
@minValue(-1)
@maxValue(1000)
param dailyTelemetryGB int = 1

@description('Who is told by mail when many tasks fail, or one waits for long. Empty: there are no alert rules.')
param alertEmail string = ''

var suffix = uniqueString(subscription().id, environmentName, location)
var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    name: 'id-${suffix}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    dailyTelemetryGB: dailyTelemetryGB
    alertEmail: alertEmail
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: 'st${suffix}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    publicNetworkAccess: !privateNetwork
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: tags
    storageAccountId: storage.outputs.id
  }
}

module scheduler 'modules/scheduler.bicep' = if (durableBackend == 'azureManaged') {
  scope: group
  params: {
    name: 'dts-${suffix}'
    location: location
    tags: tags
    capacity: schedulerCapacity
    principalId: identity.outputs.principalId
    clientId: identity.outputs.clientId
  }
}

module app 'modules/app.bicep' = {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: tags
    identityId: identity.outputs.id
    clientId: identity.outputs.clientId
    storageAccountName: storage.outputs.name
    deploymentContainerUrl: storage.outputs.deploymentContainerUrl
    subnetId: network.?outputs.appSubnetId
    instanceMemoryMB: int(instanceMemoryMB)
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyInstances: alwaysReadyInstances
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
    httpConcurrency: httpConcurrency
    // A setting, not a Key Vault reference: settings are encrypted at rest, and whoever may read them may also deploy code
    // that reads the vault. A vault would be one more service to pay, to reach privately and to wait for at each start.
    webhookSecret: webhookSecret
    appSettings: {
      ResultsTable: 'results' // created by the app, as is its table of idempotency keys
      SlowMultiply__Delay: slowMultiplyDelay
      SlowMultiply__Timeout: slowMultiplyTimeout
      SlowMultiply__MaxAttempts: string(slowMultiplyMaxAttempts)
      Retention__Days: string(retentionDays)
      Webhook__AllowedHosts: webhookAllowedHosts
      FormerTaskHubs: formerTaskHubs
      Webhook__MaxDeliveries: webhookMaxDeliveries
      Waiting__MaxRequests: string(httpConcurrency / 2)
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
      ...(durableBackend == 'azureManaged'
        ? { DURABLE_TASK_SCHEDULER_CONNECTION_STRING: scheduler!.outputs.connectionString }
        : {})
    }
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output FUNCTION_APP_NAME string = app.outputs.name
output FUNCTION_APP_URL string = app.outputs.url
