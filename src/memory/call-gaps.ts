export class CallGaps { n=0; record(_g: number): void {this.n++} }
