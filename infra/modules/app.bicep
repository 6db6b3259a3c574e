param suffix string
param location string
param tags object
param identityId string
param clientId string
param storageAccountName string
param deploymentContainerUrl string

@description('Subnet through which the app sends; null for none.')
param subnetId string?
param instanceMemoryMB int
param maximumInstanceCount int
param alwaysReadyInstances int
param alwaysReadyHttpInstances int
param httpConcurrency int

@description('Settings besides those of its identity and the next.')
param appSettings object

@description('The setting Webhook__Secret. Not among the others: only a secure parameter stays out of the deployment\'s history.')
@secure()
param webhookSecret string

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${suffix}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true // Linux
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: 'func-${suffix}'
  location: location
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
    }
    functionAppConfig: {
      runtime: {
        name: 'dotnet-isolated'
        version: '10.0'
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: filter(
          [
            { name: 'durable', instanceCount: alwaysReadyInstances }
            { name: 'http', instanceCount: alwaysReadyHttpInstances }
          ],
          group => group.instanceCount > 0
        )
        triggers: {
          http: { perInstanceConcurrency: httpConcurrency }
        }
      }
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: {
      ...appSettings
      Webhook__Secret: webhookSecret
      AzureWebJobsStorage__accountName: storageAccountName
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: clientId
      AzureWebJobsDisableHomepage: 'true'
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
    }
  }

  // Publishing goes by Microsoft Entra ID, never by a password.
  resource ftpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scmPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
