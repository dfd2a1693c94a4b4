// Uses a bucket as an application does with the SDK for JavaScript, version 3: node client.mjs BUCKET; one JSON line.
import { createRequire } from 'node:module';
const require = createRequire(process.env.SDK_FOLDER + '/');
const { S3Client, CreateBucketCommand, PutObjectCommand, GetObjectCommand, ListObjectsV2Command, DeleteObjectsCommand,
  DeleteBucketCommand, CreateMultipartUploadCommand, UploadPartCommand, CompleteMultipartUploadCommand, HeadObjectCommand }
  = require('@aws-sdk/client-s3');

const Bucket = process.argv[2];
const s3 = new S3Client({ forcePathStyle: true });
await s3.send(new CreateBucketCommand({ Bucket }));
const put = await s3.send(new PutObjectCommand({ Bucket, Key: 'a/ü', Body: 'hello', Metadata: { colour: 'blue' } }));
const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'a/ü' }));
const text = await got.Body.transformToString();
const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'big', ChecksumAlgorithm: 'SHA256' }));
const Parts = [];
for (const PartNumber of [1, 2]) {
  const part = await s3.send(new UploadPartCommand({ Bucket, Key: 'big', UploadId, PartNumber,
    Body: Buffer.alloc(5 << 20, PartNumber), ChecksumAlgorithm: 'SHA256' }));
  Parts.push({ PartNumber, ETag: part.ETag, ChecksumSHA256: part.ChecksumSHA256 });
}
await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'big', UploadId, MultipartUpload: { Parts } }));
const big = await s3.send(new HeadObjectCommand({ Bucket, Key: 'big' }));
const listed = await s3.send(new ListObjectsV2Command({ Bucket }));
let missing = '';
try { await s3.send(new GetObjectCommand({ Bucket, Key: 'none' })); } catch (error) { missing = error.name; }
await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: listed.Contents.map(({ Key }) => ({ Key })) } }));
await s3.send(new DeleteBucketCommand({ Bucket }));
console.log(JSON.stringify({ checksum: put.ChecksumCRC32, text, colour: got.Metadata.colour, size: big.ContentLength,
  keys: listed.Contents.map(({ Key }) => Key), missing }));
