/** That of comlink which the channel works with: its marks and handlers are known by identity, and in a bundle there may be a second comlink. */
export { releaseProxy, transfer, transferHandlers } from 'comlink'
