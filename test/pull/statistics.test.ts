import { afterEach, beforeEach, expect, test } from "bun:test";
import { FakeUpstream } from "../fakes/upstream.ts";
import { image } from "../fakes/image.ts";
import { TestWeir } from "../fakes/weir.ts";
