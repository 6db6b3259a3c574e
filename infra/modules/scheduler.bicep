param name string
param location string
param tags object

@description('Dedicated capacity units; 0 for the Consumption SKU.')
param capacity int

@description('The identity that may run orchestrations.')
param principalId string
param clientId string

// https://learn.microsoft.com/azure/durable-task/scheduler/durable-task-scheduler-identity
var durableTaskDataContributor = '0ad04412-c4d5-4796-b79c-f76d14c8d402'

resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: capacity > 0 ? { name: 'Dedicated', capacity: capacity } : { name: 'Consumption' }
    // An empty list admits nobody; Microsoft Entra ID decides who may do what.
    ipAllowlist: ['0.0.0.0/0']
  }

  resource hub 'taskHubs' = {
    name: loadJsonContent('../host.azureManaged.json').extensions.durableTask.hubName
  }
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: scheduler::hub
  name: guid(scheduler::hub.id, principalId, durableTaskDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', durableTaskDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

output connectionString string = 'Endpoint=${scheduler.properties.endpoint};Authentication=ManagedIdentity;ClientID=${clientId}'
