// Asks a Northflank through its official JavaScript client and prints what the client made of the answers.
// Usage: node official-client.mjs ACTION URL TOKEN

import { ApiClient, ApiClientInMemoryContextProvider } from '@northflank/js-client';

const [action, host, token] = process.argv.slice(2);

async function clientFor(clientToken) {
  const contextProvider = new ApiClientInMemoryContextProvider();
  await contextProvider.addContext({ name: 'test', token: clientToken, host });
  return new ApiClient(contextProvider);
}

const at = (projectId, addonId) => ({ parameters: { projectId, addonId } });
const inTeam = (teamId, projectId, addonId) => ({ parameters: { teamId, projectId, addonId } });
const ids = (items) => items.map((item) => item.id);
const errorOf = ({ error, rawResponse }) => ({ ...error, http: rawResponse.status });

const actions = {
  async lists(api) {
    const page = await api.get.addon.backups({ ...at('shop', 'orders-db'), options: { per_page: 20 } });
    const second = await page.pagination.getNextPage();
    const all = { options: { per_page: 100 } };
    return {
      page: page.data.backups,
      pagination: { hasNextPage: page.pagination.hasNextPage, count: page.pagination.count },
      second: ids(second.data.backups),
      allOfMany: ids((await api.get.addon.backups.all({ ...at('analytics', 'events-db'), ...all })).data.backups),
      allByDefault: ids((await api.get.addon.backups.all(at('shop', 'sessions'))).data.backups),
      none: (await api.get.addon.backups.all(at('intranet', 'queue'))).data.backups,
      inTeam: ids((await api.get.addon.backups.all(inTeam('acme', 'shop', 'catalog-db'))).data.backups),
      addons: (await api.list.addons.all({ parameters: { projectId: 'shop' }, options: { per_page: 2 } })).data.addons,
      projects: (await api.list.projects.all({ options: { per_page: 1 } })).data.projects,
      addon: (await api.get.addon(at('shop', 'orders-db'))).data,
      project: (await api.get.project({ parameters: { projectId: 'shop' } })).data,
      schedules: (await api.get.addon.backupSchedules(at('shop', 'orders-db'))).data.schedules,
      restores: (await api.get.addon.restores(at('shop', 'orders-db'))).data.restores,
    };
  },
  async errors(api) {
    const stranger = await clientFor('another-token');
    return {
      unauthorized: errorOf(await stranger.get.addon.backups(at('shop', 'orders-db'))),
      unknownProject: errorOf(await api.get.addon.backups(at('no-such-project', 'orders-db'))),
      unknownAddon: errorOf(await api.get.addon.backups(at('shop', 'no such/addon'))),
      badParameter: errorOf(await api.list.projects({ options: { per_page: 101 } })),
    };
  },
  async one(api) {
    return errorOf(await api.list.projects({}));
  },
};

console.log(JSON.stringify(await actions[action](await clientFor(token))));
